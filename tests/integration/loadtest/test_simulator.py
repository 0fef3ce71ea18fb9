"""A charger of the simulator, against a server of the test: what it says when, and what it makes of bad answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from loadtest.chargers.dialects import DIALECTS
from loadtest.simulator.charger import Charger
from loadtest.simulator.tally import Tally

WITHIN_S = 10
BOOTED = {"status": "Accepted", "interval": 300, "currentTime": "2026-03-01T12:00:00Z"}
ANSWERS = {"BootNotification": BOOTED, "Heartbeat": {"currentTime": "2026-03-01T12:00:00Z"}}
Answer = Callable[[list[Any]], list[Any]]


def well(call: list[Any]) -> list[Any]:
    return [3, call[1], ANSWERS.get(call[2], {})]


class Server:
    """It answers by `answer`; `said` has all that a charger said, `ask` sends it a CALL."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.said: asyncio.Queue[list[Any]] = asyncio.Queue()
        self.socket: ServerConnection

    async def serve(self, socket: ServerConnection) -> None:
        self.socket = socket
        async for text in socket:
            said = json.loads(text)
            self.said.put_nowait(said)
            if said[0] == 2:
                await socket.send(json.dumps(self.answer(said)))

    async def ask(self, action: str, payload: dict[str, Any]) -> list[Any]:
        await self.socket.send(json.dumps([2, "ours", action, payload]))
        return await self.next()

    async def next(self) -> list[Any]:
        async with asyncio.timeout(WITHIN_S):
            return await self.said.get()

    async def actions(self, number: int) -> list[str]:
        return [(await self.next())[2] for _ in range(number)]


@asynccontextmanager
async def served(dialect: str, answer: Answer = well) -> AsyncIterator[tuple[Server, Charger]]:
    """A charger whose stories stand still, and its server."""
    server = Server(answer)
    async with (
        serve(server.serve, "127.0.0.1", 0, subprotocols=[Subprotocol(dialect)]) as listening,
        asyncio.TaskGroup() as tasks,
    ):
        port = next(iter(listening.sockets)).getsockname()[1]
        station = DIALECTS[dialect]("SIM-0001", 1)
        charger = Charger(f"ws://127.0.0.1:{port}/ocpp", station, None, 1, 0.0, Tally())
        tasks.create_task(charger.run(pace=0.0, after_s=0.0))
        try:
            yield server, charger
        finally:
            charger.stop()


def reported(charger: Charger) -> int:
    return len(charger.station.connectors)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            if true():
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_it_boots_reports_answers_and_reports_again(dialect: str) -> None:
    async with served(dialect) as (server, charger):
        status = charger.station.status(charger.station.connectors[0], "2026-03-01T12:00:00.000Z").action
        assert await server.actions(1 + reported(charger)) == ["BootNotification", *[status] * reported(charger)]
        await until(lambda: len(charger.expected) == reported(charger))
        answer = await server.ask("TriggerMessage", {"requestedMessage": "StatusNotification"})
        assert answer == [3, "ours", {"status": "Accepted"}]
        assert await server.actions(reported(charger)) == [status] * reported(charger)
        assert charger.tally.errors == 0


@pytest.mark.parametrize(("dialect", "kind"), [("ocpp1.6", "Soft"), ("ocpp2.0.1", "Immediate"), ("ocpp2.1", "OnIdle")])
async def test_a_reset_makes_it_hang_up_and_boot_again(dialect: str, kind: str) -> None:
    async with served(dialect) as (server, charger):
        await server.actions(1 + reported(charger))
        assert (await server.ask("Reset", {"type": kind}))[2] == {"status": "Accepted"}
        assert (await server.next())[2] == "BootNotification"


@pytest.mark.parametrize(
    "bad",
    [
        lambda call: [4, call[1], "InternalError", "", {}],
        lambda call: [3, call[1], {"no": "such field"}],
    ],
    ids=["CALLERROR", "not by the schema"],
)
async def test_a_status_that_is_not_taken_is_counted_and_not_expected(bad: Answer) -> None:
    def answer(call: list[Any]) -> list[Any]:
        return bad(call) if call[2] == "StatusNotification" else well(call)

    async with served("ocpp1.6", answer) as (server, charger):
        await server.actions(1 + reported(charger))
        await until(lambda: charger.tally.errors == reported(charger))
        assert charger.expected == {}
        assert charger.tally.answered == 0


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_it_does_not_know_or_cannot_read_is_a_callerror(dialect: str) -> None:
    async with served(dialect) as (server, charger):
        await server.actions(1 + reported(charger))
        assert (await server.ask("ClearCache", {}))[:3] == [4, "ours", "NotImplemented"]
        assert (await server.ask("TriggerMessage", {"requestedMessage": "Nonsense"}))[0] == 4
        await server.socket.send("not OCPP")
        assert (await server.ask("TriggerMessage", {"requestedMessage": "Heartbeat"}))[0] == 3
        assert (await server.next())[2] == "Heartbeat"
