"""A gateway's server in this process, whose parts raise when a test says so."""

import itertools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import CollectorRegistry
from websockets.asyncio.client import ClientConnection, connect
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
from ingest.ocpp.session import Policy
from local.stack import Stack
from tests.integration.gateway.charger import Charger
from tests.integration.gateway.parts import Ids

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


@asynccontextmanager
async def trapped(stack: Stack) -> AsyncIterator[Here]:
    """It runs while the block does."""
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
