"""A connection that rests until something is due has nothing to say before: whatever ends a wait wakes it up."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry
from websockets.frames import apply_mask  # type: ignore[attr-defined]
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ingest.gateway.handshake.opening import OpeningHandshake
from ingest.gateway.inventory.entry import Entry
from ingest.gateway.inventory.places import PlaceLookups, Places
from ingest.gateway.limits import Limits
from ingest.gateway.metrics import Metrics
from ingest.gateway.publishing.batches import OnDone, Ticket
from ingest.gateway.publishing.publisher import Publisher
from ingest.gateway.server import Server
from ingest.ocpp.commands import ChangeAvailability, Command, Reset, TriggerMessage
from ingest.ocpp.session import Busy, Policy
from shared.words.documents import Registration

OUT = ChangeAvailability(False, 0, 0, 7)
HEARTBEAT: tuple[str, dict[str, Any]] = ("Heartbeat", {})
BOOT: tuple[str, dict[str, Any]] = ("BootNotification", {"chargePointModel": "m", "chargePointVendor": "v"})
STATUS: tuple[str, dict[str, Any]] = (
    "StatusNotification",
    {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
)
COMMANDS: tuple[Command, ...] = (Reset("graceful"), TriggerMessage("BootNotification"))
REGISTRATIONS: tuple[Registration, ...] = ("ACCEPTED", "PENDING", "REJECTED")


class Log(Publisher):
    """Acks what it was given when it is told to."""

    def __init__(self) -> None:
        self._unacked: list[Ticket] = []

    def partition_of(self, key: bytes) -> int:
        return 0

    def publish(self, partition: int, key: bytes, values: Sequence[bytes], at: int, on_done: OnDone | None) -> Ticket:
        self._unacked.append(Ticket(key, values, at, on_done))
        return self._unacked[-1]

    @property
    def is_up(self) -> bool:
        return True

    def ack(self, *, is_refused: bool = False) -> None:
        unacked, self._unacked = self._unacked, []
        for ticket in unacked:
            ticket.is_refused = is_refused
            if ticket.on_done is not None:
                ticket.on_done(ticket)


class Lookups(PlaceLookups):
    """Finds two connectors when it is told to."""

    def __init__(self) -> None:
        self._tell: list[Callable[[Places], None]] = []

    def want(self, charge_point_key: int, tell: Callable[[Places], None]) -> None:
        self._tell.append(tell)

    def find(self) -> None:
        wanted, self._tell = self._tell, []
        for tell in wanted:
            tell([(1, 1), (2, 1)])


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data


class Knock:
    """A handshake that is let in."""

    def __init__(self) -> None:
        self.protocol, self.accepted_at = "ocpp1.6", time.monotonic()
        self.wire, self._proto = Wire(), ServerProtocol(state=OPEN)
        self._proto.subprotocol = Subprotocol(self.protocol)

    def upgrade(self, response: object) -> tuple[Wire, ServerProtocol, bytes]:
        return self.wire, self._proto, b""


class Charger:
    """Connected to a gateway whose broker and Postgres answer when they are told to; it settles at once."""

    def __init__(self, settle_s: float = 0) -> None:
        self.log, self.lookups, self._knock = Log(), Lookups(), Knock()
        self._sent = 0
        limits = Limits(
            silence_s=900, ping_interval_s=900, ack_deadline_s=20, handshake_timeout_s=5, max_message_bytes=4096,
            max_pending=1000, max_half_open=10, frames_per_second=1000, flood_timeout_s=30, settle_s=settle_s,
        )  # fmt: skip
        self.server = Server(
            gateway_id="g", admission=cast(Any, None), claims=cast(Any, None), publisher=self.log, places=self.lookups,
            metrics=Metrics(CollectorRegistry()), policy=Policy(heartbeat_interval_s=300), clock=lambda: 1,
            limits=limits, compression="false",
        )  # fmt: skip
        row = {"key": 7, "id": "CP1", "epoch": 0, "registration": "ACCEPTED"}
        self.entry = Entry(row | dict.fromkeys(("password_hash", "intents", "agreed", "trace_s")))
        self.server.let_in(cast(OpeningHandshake, self._knock), cast(Any, None), self.entry, 1)
        self.connection = self.server._open[7]
        self.log.ack()

    @property
    def written(self) -> bytes:
        return self._knock.wire.written

    def calls(self, action: str, payload: dict[str, Any]) -> None:
        self._sent += 1
        self._says([2, str(self._sent), action, payload])

    def answers(self, status: str) -> None:
        if (call := self.connection._session._calls.outstanding) is not None:
            self._says([3, call.id, {"status": status}])

    def _says(self, message: object) -> None:
        text, mask = json.dumps(message).encode(), b"mask"
        self.connection.data_received(b"\x81\xfe" + len(text).to_bytes(2) + mask + apply_mask(text, mask))

    def registered(self, registration: Registration) -> None:
        self.entry.registration = registration
        self.server.inventory_changed(self.entry)

    def asked(self, command: Command) -> None:
        with contextlib.suppress(Busy):
            self.connection._commands.add(command, time.monotonic() + 60).add_done_callback(asyncio.Future.exception)
            self.connection.run_commands()

    def looked_at(self) -> None:
        self.connection.pulse(time.monotonic())

    async def happens(self, rng: Random) -> None:
        match rng.randrange(12):
            case 0:
                self.calls(*HEARTBEAT)
            case 1:
                self.calls(*BOOT)
            case 2 | 3:
                self.calls(*STATUS)
            case 4 | 5:
                self.log.ack()
            case 6:
                self.log.ack(is_refused=True)
            case 7:
                self.answers(rng.choice(["Accepted", "Rejected"]))
            case 8:
                self.lookups.find()
            case 9:
                self.registered(rng.choice(REGISTRATIONS))
            case 10:
                self.asked(rng.choice(COMMANDS))
            case _:  # as the rollup does, of whom nobody tells the session
                self.entry.intents, self.entry.agreed = rng.choice([((), (OUT,)), ((OUT,), ()), ((), ())])
                self.server.inventory_changed(self.entry)
        for _ in range(3):
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(12))
async def test_who_rests_says_nothing_when_it_is_looked_at_all_the_same(seed: int) -> None:
    rng, charger, rested = Random(seed), Charger(), 0
    for _ in range(300):
        await charger.happens(rng)
        if charger.connection.due_at > time.monotonic():
            before = charger.written
            charger.looked_at()
            assert charger.written[len(before) :] == b""
        elif rng.random() < 0.5:
            charger.looked_at()
            rested += charger.connection.due_at > time.monotonic()
    assert rested


@pytest.mark.parametrize("said", [BOOT, STATUS])
async def test_an_intent_that_waited_for_a_slow_ack_is_due_with_it(said: tuple[str, dict[str, Any]]) -> None:
    charger = Charger(settle_s=45)
    charger.entry.intents = (OUT,)
    charger.calls(*said)
    charger.looked_at()
    assert charger.connection.due_at > time.monotonic()
    charger.log.ack()
    assert charger.connection.due_at <= time.monotonic()
    charger.looked_at()
    assert b"ChangeAvailability" in charger.written
