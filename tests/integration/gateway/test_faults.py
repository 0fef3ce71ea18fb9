"""An error in our own code costs the socket on which it happens, with 1011; the others and the process go on.

The server runs in this process, so that what it calls can be made to raise.
"""

import asyncio
import itertools
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from ingest.gateway.handshake.admission import Admission, Refusal
from ingest.gateway.handshake.claims import Claims
from ingest.gateway.inventory.entry import Entry
from ingest.gateway.inventory.places import PlaceLookups, Places
from ingest.gateway.limits import Limits
from ingest.gateway.metrics import Metrics
from ingest.gateway.publishing.batches import OnDone, Ticket
from ingest.gateway.publishing.producers import Producers
from ingest.gateway.publishing.publisher import Publisher, publishing
from ingest.gateway.server import Server
from ingest.gateway.session.liveness import Liveness
from ingest.ocpp.commands import ChangeAvailability
from ingest.ocpp.session import Policy
from local.stack import Stack
from shared.words.gateways import Ask, Fence
from tests.integration.gateway.parts import Charger, Ids, eventually, status_of

_topics = Ids(f"faults-{time.time_ns()}-")


class Bug(Exception):
    """What nobody expected."""


class Traps:
    """Which calls raise, and how often they still do."""

    def __init__(self) -> None:
        self._armed: dict[str, int] = {}

    def arm(self, where: str, times: int = 1) -> None:
        self._armed[where] = times

    def step(self, where: str) -> None:
        if self._armed.get(where):
            self._armed[where] -= 1
            raise Bug(where)


class Rules(Policy):
    """A policy that raises when a CALL is checked against it."""

    traps: Traps

    def __getattribute__(self, name: str) -> Any:
        if name == "strict":
            object.__getattribute__(self, "traps").step("receive")
        return object.__getattribute__(self, name)


class Log(Publisher):
    """A publisher that raises when it is given a frame."""

    traps: Traps

    def publish(self, partition: int, key: bytes, values: Sequence[bytes], at: int, on_done: OnDone | None) -> Ticket:
        self.traps.step("publish")
        return super().publish(partition, key, values, at, on_done)

    @property
    def is_up(self) -> bool:
        self.traps.step("command")
        return super().is_up


class Forgetful(Liveness):
    """A timer that raises."""

    def is_silent(self, now: float) -> bool:
        raise Bug("timer")


class Nowhere(PlaceLookups):
    """Knows no places, and looks none up."""

    def __init__(self) -> None:
        self.wanted: list[int] = []

    def want(self, charge_point_key: int, tell: Callable[[Places], None]) -> None:
        self.wanted.append(charge_point_key)
        tell(())


class Doors(Admission):
    """Lets in whom the test knows."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    async def examine(self, path: str, *args: Any, **kwargs: Any) -> Entry | Refusal:
        return self.entries[path.rpartition("/")[2]]

    def close(self) -> None:
        """Nothing is checked that takes long."""


class Epochs(Claims):
    """Counts, and raises when told."""

    traps: Traps

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    async def claim(self, charge_point_key: int, now: int, floor: int) -> int:
        self.traps.step("claim")
        return next(self._numbers)


class Here:
    """A gateway's server in this process."""

    def __init__(self, server: Server, doors: Doors, traps: Traps, prometheus: CollectorRegistry, port: int) -> None:
        self.server = server
        self.traps = traps
        self._doors = doors
        self._prometheus = prometheus
        self._port = port

    def faults(self, where: str) -> float:
        return self._prometheus.get_sample_value("plugwatch_gateway_faults_total", {"where": where}) or 0

    def entry(self, charge_point_id: str) -> Entry:
        return self._doors.entries[charge_point_id]

    @asynccontextmanager
    async def charging(self, charge_point_id: str) -> AsyncIterator[Charger]:
        if charge_point_id not in self._doors.entries:
            row = {"key": len(self._doors.entries) + 1, "id": charge_point_id, "epoch": 0, "registration": "ACCEPTED"}
            self._doors.entries[charge_point_id] = Entry(
                row | dict.fromkeys(("password_hash", "intents", "agreed", "trace_s"))
            )
        socket: ClientConnection
        async with connect(
            f"ws://127.0.0.1:{self._port}/{charge_point_id}",
            subprotocols=[Subprotocol("ocpp1.6")],
            compression=None,
            ping_interval=None,
            proxy=None,
            close_timeout=1,
        ) as socket:
            yield Charger(socket)


@pytest.fixture
async def here(stack: Stack) -> AsyncIterator[Here]:
    topic = next(_topics)
    stack.broker.create_topic(topic)
    traps, prometheus = Traps(), CollectorRegistry()
    metrics, doors, epochs = Metrics(prometheus), Doors(), Epochs()
    log = Log(Producers(servers=stack.kafka_bootstrap_servers, client_id="test"), topic=topic, metrics=metrics)
    rules = Rules()
    object.__setattr__(rules, "traps", traps)
    log.traps = epochs.traps = traps

    def clock() -> int:
        traps.step("clock")
        return time.time_ns() // 1_000_000

    server = Server(
        gateway_id="here",
        admission=doors,
        claims=epochs,
        publisher=log,
        places=Nowhere(),
        metrics=metrics,
        policy=rules,
        clock=clock,
        limits=Limits(
            silence_s=60,
            ping_interval_s=60,
            ack_deadline_s=20,
            handshake_timeout_s=2,
            max_message_bytes=4096,
            max_pending=1000,
            max_half_open=100,
            frames_per_second=100,
            flood_timeout_s=30,
        ),
        compression="false",
    )

    def trace(entry: Entry, direction: str, text: str | bytes) -> None:
        traps.step(f"trace {direction}")

    server.trace = trace
    async with publishing(log), server.serving("127.0.0.1", 0) as port:
        yield Here(server, doors, traps, prometheus, port)


_NONE = dict.fromkeys(("password_hash", "intents", "agreed", "trace_s"))
BOOM = '[2,"boom","Heartbeat",{}]'


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
        here.server._open[here.entry("bad").key].liveness = Forgetful(60, 60, time.monotonic())
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
