"""The chargers of the benchmarks, against a real websocket server that pings, calls and answers as OCPP says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from loadtest.benchmarks.clients.charger import Charger
from loadtest.benchmarks.clients.crowd import Crowd, crowd, named

WITHIN_S = 10


@dataclass
class Server:
    """A central system that answers, and keeps what it heard."""

    port: int = 0
    answer_s: float = 0.0
    heard: list[Any] = field(default_factory=list)
    sockets: list[ServerConnection] = field(default_factory=list)

    async def on_connect(self, connection: ServerConnection) -> None:
        self.sockets.append(connection)
        with suppress(ConnectionClosed):
            async for text in connection:
                kind, id_, *rest = json.loads(text)
                self.heard.append([kind, id_, *rest])
                if kind == 2:
                    await asyncio.sleep(self.answer_s)
                    await connection.send(json.dumps([3, id_, {}]))

    async def until(self, happens: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not happens():  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    async with serve(
        server.on_connect, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")], ping_interval=None
    ) as it:
        server.port = next(iter(it.sockets)).getsockname()[1]
        yield server


async def test_each_call_is_answered_once_and_one_is_outstanding() -> None:
    async with serving() as server, crowd(server.port, 3) as chargers:
        await chargers.run(10)
        assert len(server.heard) == 10
        statuses = [payload["status"] for _, _, action, payload in server.heard if action == "StatusNotification"]
        assert set(statuses) >= {"Preparing", "Charging"}


async def test_a_ping_has_its_pong_and_a_call_of_the_server_is_no_answer() -> None:
    async with serving() as server, crowd(server.port, 1) as chargers:
        await chargers.run(1)
        (socket,) = server.sockets
        await asyncio.wait_for(await socket.ping(), WITHIN_S)
        await socket.send(json.dumps([2, "ours", "TriggerMessage", {"requestedMessage": "x" * 300}]))
        await socket.ping()
        await server.until(lambda: server.heard[-1][:3] == [4, "ours", "NotImplemented"])
        assert not chargers.chargers[0].in_flight


async def test_what_falls_due_while_its_charger_waits_counts_from_when_it_was_due() -> None:
    async with serving() as server, crowd(server.port, 1) as chargers:
        server.answer_s = 0.1
        paced = await chargers.pace(100, 0.3)
        assert paced.sent == len(paced.answers) > 5
        assert max(took for _, took in paced.answers) > 0.1 * (paced.sent - 1) * 0.5


async def test_a_socket_that_the_server_closes_is_a_loss_and_one_that_we_close_is_not() -> None:
    async with serving() as server:
        chargers = Crowd(server.port)
        await chargers.connect(named(2))
        await server.until(lambda: len(server.sockets) == 2)
        await server.sockets[0].close()
        await server.until(lambda: chargers.losses > 0)
        chargers.close()
        await asyncio.sleep(0)
        assert chargers.losses == 1
        assert [type(one) for one in chargers.chargers] == [Charger, Charger]
