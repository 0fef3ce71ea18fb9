"""The port that chargers connect to: who is here, takeovers, pings and silence, and the orderly end.

The newest socket of a charge point wins at once. A drain closes with 1012, so that reconnects are
spread over the gateways that stay.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Callable

from websockets.http11 import Request, Response

from ingest.gateway.commands import asks
from ingest.gateway.commands.pace import Pace
from ingest.gateway.faults import Faults
from ingest.gateway.handshake.admission import Admission
from ingest.gateway.handshake.claims import Claims
from ingest.gateway.handshake.compression import Compression
from ingest.gateway.handshake.decisions import Decisions
from ingest.gateway.handshake.half_open import HalfOpen
from ingest.gateway.handshake.head import Reason
from ingest.gateway.handshake.opening import OpeningHandshake
from ingest.gateway.inventory.entry import Entry
from ingest.gateway.inventory.places import PlaceLookups
from ingest.gateway.limits import Limits
from ingest.gateway.metrics import Metrics
from ingest.gateway.publishing.publisher import Publisher
from ingest.gateway.session.connection import Connection
from ingest.gateway.session.counts import Counts
from ingest.gateway.session.looks import look_at
from ingest.gateway.session.read_queue import ReadQueue
from ingest.ocpp.session import Policy, Session
from shared.stores.traces import Direction
from shared.words.gateways import Ask, Fence, Told

log = logging.getLogger("plugwatch.gateway.server")

PULSE_S = 0.5
BACKLOG = 4096
STATUSES_PER_SECOND = 50  #: questions for missing statuses: 16,000 chargers after a storm take five minutes and more


class Server:
    """All sockets of one gateway."""

    def __init__(
        self,
        *,
        gateway_id: str,
        admission: Admission,
        claims: Claims,
        publisher: Publisher,
        places: PlaceLookups,
        metrics: Metrics,
        policy: Policy,
        clock: Callable[[], int],
        limits: Limits,
        compression: Compression,
    ) -> None:
        self.publisher = publisher
        self.metrics = metrics
        self.clock = clock
        self.limits = limits
        self.compression = compression
        self.faults = Faults(metrics)
        self.counts = Counts(metrics)
        self.read_queue = ReadQueue()
        self.places = places
        self.pace = Pace(STATUSES_PER_SECOND, time.monotonic())
        self._id = gateway_id
        self._admission = admission
        self._decisions = Decisions(self, admission, claims, metrics, clock, limits.handshake_timeout_s)
        self._policy = policy
        self._half_open = HalfOpen(limits.max_half_open, metrics)
        self._handshakes: set[OpeningHandshake] = set()
        self._connections: set[Connection] = set()
        self._open: dict[int, Connection] = {}
        self._deciding: asyncio.TaskGroup | None = None
        self._draining = False
        self.is_leased: Callable[[], bool] = lambda: False
        self.trace: Callable[[Entry, Direction, str | bytes], None] = lambda entry, direction, text: None
        metrics.pending.set_function(lambda: publisher.pending)

    # the composition root calls these

    @contextlib.asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[int]:
        """Listens while the block runs; gives the port, which matters when 0 was asked for."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            self._deciding = group
            listener = await loop.create_server(lambda: OpeningHandshake(self), host, port, backlog=BACKLOG)
            pulse = group.create_task(self._pulse(), name="pulse")
            try:
                yield listener.sockets[0].getsockname()[1]
            finally:
                listener.close()
                pulse.cancel()
                self._admission.close()
                for handshake in list(self._handshakes):
                    handshake.abort()
                for connection in list(self._connections):
                    connection.close(1012, "service restart", "going_away")

    async def drain(self, over_s: float) -> None:
        """Takes no new sockets and closes the chargers' ones, spread over ``over_s`` seconds."""
        self._draining = True
        self._admission.close()
        connections = list(self._open.values())
        random.shuffle(connections)
        step = max(1, len(connections) // 50)
        for start in range(0, len(connections), step):
            for connection in connections[start : start + step]:
                connection.close(1012, "service restart", "going_away")
            await asyncio.sleep(over_s * step / max(len(connections), 1) * random.uniform(0.5, 1))  # noqa: S311
        deadline = time.monotonic() + 2
        while (self._connections or self._handshakes) and time.monotonic() < deadline:  # noqa: ASYNC110  once, at the stop
            await asyncio.sleep(0.02)

    def fenced(self, fence: Fence) -> None:
        """Another session of the charge point is newer: ours, if older, is over."""
        connection = self._open.get(fence.charge_point_key)
        if connection is None:
            return
        connection.entry.epoch = max(connection.entry.epoch, fence.newest)
        if connection.epoch < fence.below:
            self._supersede(connection)

    def inventory_changed(self, entry: Entry) -> None:
        """The registry says so: a deleted charge point is put out, what else changed is its session's."""
        connection = self._open.get(entry.key)
        if connection is None:
            return
        if entry.deleted:
            connection.close(1008, "this charge point was deleted", "refused")
        elif entry.password_hash != connection.password_hash:
            connection.close(1008, "the password of this charge point was changed", "refused")
        else:
            connection.inventory_changed()

    async def asked(self, ask: Ask, within_s: float) -> Told:
        """Asks a charger that is here, for another process; what cannot be sent within that time never is."""
        until = time.monotonic() + within_s
        while True:
            held = self._open.get(ask.charge_point_key)
            told = await asks.told(held, ask, until - time.monotonic())
            if told.error != "offline" or self._open.get(ask.charge_point_key) in (None, held):
                return told  # else a newer socket took over before it was sent

    def announce_all(self) -> None:
        """Publishes every session again, after the lease had lapsed."""
        for connection in self._open.values():
            connection.announce()

    # handshakes call these

    def accepted(self, handshake: OpeningHandshake) -> None:
        """A TCP connection is there."""
        self._handshakes.add(handshake)
        self._half_open.add(handshake, time.monotonic())

    def decide(self, handshake: OpeningHandshake, request: Request) -> None:
        """Its head is there: decides about it, soon."""
        assert self._deciding is not None
        self._half_open.discard(handshake)
        self._deciding.create_task(self._decisions.decide(handshake, request))

    def turned_away(self, reason: Reason, status: int | None) -> None:
        """What came was no handshake; ``status`` if HTTP was answered."""
        self.metrics.bad_handshakes.labels(reason).inc()
        if status is not None:
            self.metrics.handshakes.labels(str(status)).inc()

    def knocked_in_vain(self, handshake: OpeningHandshake) -> None:
        """Its socket is closed."""
        self._handshakes.discard(handshake)
        self._half_open.discard(handshake)

    def is_full(self) -> bool:
        """Whether nobody can be let in now."""
        return self._draining or self.publisher.pending >= self.limits.max_pending

    def held(self, charge_point_key: int) -> Connection | None:
        """The session that is here."""
        return self._open.get(charge_point_key)

    def let_in(self, handshake: OpeningHandshake, response: Response, entry: Entry, epoch: int) -> None:
        """Upgrades the socket, and begins its session; an older one of the same charge point is over."""
        session = Session(
            protocol=handshake.protocol,
            charge_point_id=entry.id,
            charge_point_key=entry.key,
            epoch=epoch,
            gateway_id=self._id,
            registration=entry.registration,
            policy=self._policy,
            transaction_id=_transaction_id,
        )
        if (older := self._open.get(entry.key)) is not None:
            self._supersede(older)
        transport, proto, sent_before = handshake.upgrade(response)
        self._handshakes.discard(handshake)
        connection = Connection(
            self, transport, proto, entry=entry, session=session, epoch=epoch, accepted_at=handshake.accepted_at
        )
        self._connections.add(connection)
        self._open[entry.key] = connection
        self.metrics.connections.labels(connection.protocol).inc()  # before anything can close it
        transport.set_protocol(connection)
        connection.start(sent_before)
        connection.announce()
        log.info(
            "connected",
            extra={"charge_point_id": entry.id, "protocol": connection.protocol, "epoch": epoch},
        )

    # connections call this

    def lost(self, connection: Connection) -> None:
        """The socket is closed."""
        self._connections.discard(connection)
        self.metrics.connections.labels(connection.protocol).dec()
        entry = connection.entry
        if self._open.get(entry.key) is connection:
            del self._open[entry.key]
            log.info("disconnected", extra={"charge_point_id": entry.id, "epoch": connection.epoch})

    def _supersede(self, connection: Connection) -> None:
        if connection.is_open:  # one that is closing is no rival
            self.metrics.takeovers.inc()
            connection.entry.taken_over(time.monotonic())
        connection.close(1001, "a newer connection of this charge point took over", "superseded")

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            now = time.monotonic()
            for handshake in list(self._handshakes):
                handshake.pulse(now)
            await look_at(self._connections, now)
            self.counts.hand_over()


def _transaction_id() -> int:
    return random.randint(1, 2**31 - 1)  # noqa: S311  an id, not a secret
