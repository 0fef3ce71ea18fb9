"""An error in our own code costs the socket on which it happens, with 1011; the others and the process go on.

The server runs in this process, so that what it calls can be made to raise.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from ingest.gateway.inventory.entry import Entry
from ingest.ocpp.commands import ChangeAvailability
from local.stack import Stack
from shared.words.gateways import Ask, Fence
from tests.integration.gateway.charger import Charger, status_of
from tests.integration.gateway.parts import eventually
from tests.integration.gateway.session.trapped import Bug, Forgetful, Here, trapped

BOOM = '[2,"boom","Heartbeat",{}]'


@pytest.fixture
async def here(stack: Stack) -> AsyncIterator[Here]:
    async with trapped(stack) as running:
        yield running


async def _frame(here: Here, charger: Charger) -> None:
    await charger.socket.send(BOOM)


async def _status(here: Here, charger: Charger) -> None:
    await charger.send("StatusNotification", status_of("Charging"))


async def _traced(here: Here, charger: Charger) -> None:
    here.entry("bad").traced_until = time.monotonic() + 60
    await charger.socket.send(BOOM)


async def _wish(here: Here, charger: Charger) -> None:
    entry = here.entry("bad")
    entry.intents = (ChangeAvailability(operative=False, evse_id=0, connector_id=0, intent=1),)
    here.server.inventory_changed(entry)


async def _announcement(here: Here, charger: Charger) -> None:
    entry = here.entry("bad")
    connection = here.server._open[entry.key]
    connection.announce()


@pytest.mark.parametrize(
    ("trap", "happens", "where"),
    [
        ("receive", _frame, "frame"),
        ("clock", _frame, "frame"),
        ("publish", _status, "frame"),
        ("trace in", _traced, "frame"),
        ("trace out", _traced, "frame"),
        ("command", _wish, "command"),
        ("clock", _announcement, "log"),
        ("publish", _announcement, "log"),
    ],
)
@pytest.mark.parametrize("times", [1, 2, 3])
async def test_an_error_closes_its_socket_with_1011_and_no_other(
    here: Here, trap: str, happens: Any, where: str, times: int
) -> None:
    async with here.charging("good") as good, here.charging("bad") as bad:
        assert (await good.report("Available"))[0] == 3
        assert (await bad.report("Available"))[0] == 3
        here.traps.arm(trap, times)
        await happens(here, bad)
        code = await bad.closed(within_s=5)
        here.traps.arm(trap, 0)
        assert code in ((1011,) if times == 1 or not trap.startswith(("clock", "publish")) else (1011, 1006))
        assert here.faults(where) >= 1
        assert (await good.report("Charging"))[0] == 3

    async def forgotten() -> bool:
        return not here.server._open

    await eventually(forgotten, within_s=5)
    async with here.charging("bad") as bad:
        assert (await bad.report("Charging"))[0] == 3


async def test_an_error_in_a_timer_closes_one_socket_and_the_timers_go_on(here: Here) -> None:
    async with here.charging("good") as good, here.charging("bad") as bad:
        assert (await good.report("Available"))[0] == 3
        assert (await bad.report("Available"))[0] == 3
        connection = here.server._open[here.entry("bad").key]
        connection.liveness, connection.due_at = Forgetful(60, 60, time.monotonic()), 0.0
        async with asyncio.timeout(5):
            done, _ = await asyncio.wait(
                [asyncio.ensure_future(one.closed()) for one in (good, bad)], return_when=asyncio.FIRST_COMPLETED
            )
        assert [one.result() for one in done] == [1011]
        assert here.faults("timer") == 1
    async with here.charging("next") as charger:
        assert (await charger.report("Charging"))[0] == 3


async def test_an_error_in_a_frame_that_waited_behind_a_status_closes_its_socket_alone(here: Here) -> None:
    async with here.charging("good") as good, here.charging("bad") as bad:
        assert (await bad.report("Available"))[0] == 3
        here.entry("bad").traced_until = time.monotonic() + 60
        sent = 0

        def trace(entry: Entry, direction: str, text: str | bytes) -> None:
            nonlocal sent
            sent += direction == "in"
            if sent == 2:
                raise Bug("the second frame")

        here.server.trace = trace
        status = json.dumps([2, "s", "StatusNotification", status_of("Charging")])
        transport = bad.socket.transport
        protocol = bad.socket.protocol
        protocol.send_text(status.encode())
        protocol.send_text(BOOM.encode())
        transport.write(b"".join(protocol.data_to_send()))  # in one packet
        assert (await bad.receive())[:2] == [3, "s"]
        assert await bad.closed(within_s=5) == 1011
        assert here.faults("log") == 1
        assert (await good.report("Charging"))[0] == 3


@pytest.mark.parametrize("trap", ["claim", "publish", "clock"])
async def test_an_error_in_a_handshake_is_a_500_or_a_1011(here: Here, trap: str) -> None:
    async with here.charging("good") as good:
        assert (await good.report("Available"))[0] == 3
        here.traps.arm(trap)
        with suppress(InvalidStatus):
            async with here.charging("bad") as bad:
                assert await bad.closed(within_s=5) == 1011
        here.traps.arm(trap, 0)
        assert here.faults("handshake") + here.faults("log") + here.faults("timer") >= 1
        async with here.charging("bad") as bad:
            assert (await bad.report("Available"))[0] == 3


async def test_errors_at_the_end_of_sessions_reach_neither_a_fence_nor_the_drain(here: Here) -> None:
    async with here.charging("one") as one, here.charging("two") as two, here.charging("three") as three:
        for charger in (one, two, three):
            assert (await charger.report("Available"))[0] == 3
        here.traps.arm("publish")
        here.server.inventory_changed(_deleted(here.entry("one")))
        assert await one.closed(within_s=5) in (1008, 1011)
        here.server.fenced(Fence(here.entry("two").key, below=1000, newest=1000))
        assert await two.closed(within_s=5) == 1001
        here.traps.arm("publish")
        await here.server.drain(0.1)
        assert await three.closed(within_s=5) in (1012, 1011)


def _deleted(entry: Entry) -> Entry:
    entry.deleted = True
    return entry


async def test_whoever_asks_a_charger_whose_socket_fails_is_told(here: Here) -> None:
    async with here.charging("bad") as bad:
        assert (await bad.report("Available"))[0] == 3
        here.traps.arm("command")
        told = await here.server.asked(
            Ask(id="1", reply_to="", charge_point_key=here.entry("bad").key, what="reset", argument="graceful"),
            within_s=5,
        )
        assert told.error == "offline"
        assert await bad.closed(within_s=5) == 1011


async def test_the_traceback_of_an_error_is_logged_once(here: Here, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "plugwatch.gateway.faults"):
        for _ in range(3):
            async with here.charging("bad") as bad:
                assert (await bad.report("Available"))[0] == 3
                here.traps.arm("receive")
                await bad.socket.send(BOOM)
                assert await bad.closed(within_s=5) == 1011
    assert here.faults("frame") == 3
    assert [record.exc_info is not None for record in caplog.records] == [True, False, False]
