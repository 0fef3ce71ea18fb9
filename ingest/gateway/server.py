"""The server: accepts sockets, lets charge points in, and keeps one session for each.

The newest socket of a charge point wins, here and across gateways. One pulse looks after the timers
of all connections. Stopping closes sockets in jittered batches with 1012, so that the chargers
spread over the gateways that stay.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import assert_never, cast, get_args

from websockets.http11 import Request

from ingest.gateway.faults import Faults
from ingest.gateway.handshake.admission import Admission, Refusal
from ingest.gateway.handshake.claims import Claims
from ingest.gateway.handshake.compression import Compression
from ingest.gateway.handshake.half_open import HalfOpen
from ingest.gateway.handshake.head import Reason
from ingest.gateway.inventory.registry import Entry
from ingest.gateway.metrics import Metrics
from ingest.gateway.publishing.publisher import Publisher
from ingest.gateway.session.connection import Connection
from ingest.gateway.session.read_queue import Turns
from ingest.ocpp.commands import STATUSES, Command, Requested, Reset, ResetKind, TriggerMessage, UnlockConnector
from ingest.ocpp.session import Answer, Busy, Outcome, Policy, Session
from shared.stores.traces import Direction
from shared.words.event import Event
from shared.words.gateways import Ask, Fence, Told

log = logging.getLogger("plugwatch.gateway.server")

PULSE_S = 0.5
BACKLOG = 4096
CONFLICT_DELAY = (0.1, 0.4)  #: of the handshake timeout: two devices would evict each other as fast as they dial


class Server:
    """All connections of one gateway."""

    def __init__(
        self,
        *,
        gateway_id: str,
        admission: Admission,
        claims: Claims,
        publisher: Publisher,
        metrics: Metrics,
        policy: Policy,
        clock: Callable[[], int],
        silence_s: float,
        ping_interval_s: float,
        ack_deadline_s: float,
        handshake_timeout_s: float,
        max_message_bytes: int,
        max_pending: int,
        frames_per_second: float,
        flood_timeout_s: float,
        compression: Compression,
        max_half_open: int,
    ) -> None:
        self.publisher = publisher
        self.metrics = metrics
        self.clock = clock
        self.silence_s = silence_s
        self.ping_interval_s = ping_interval_s
        self.ack_deadline_s = ack_deadline_s
        self.handshake_timeout_s = handshake_timeout_s
        self.max_message_bytes = max_message_bytes
        self.compression = compression
        self.frames_per_second = frames_per_second
        self.flood_timeout_s = flood_timeout_s
        self.faults = Faults(metrics)
        self.turns = Turns()
        self._id = gateway_id
        self._admission = admission
        self._claims = claims
        self._policy = policy
        self._max_pending = max_pending
        self._half_open = HalfOpen(max_half_open, metrics)
        self._connections: set[Connection] = set()
        self._open: dict[int, Connection] = {}
        self._handshakes: asyncio.TaskGroup | None = None
        self._draining = False
        self._frames: Counter[tuple[str, str, str]] = Counter()
        self._call_errors: Counter[tuple[str, str]] = Counter()
        self._events: Counter[type[Event]] = Counter()
        self.is_leased: Callable[[], bool] = lambda: False
        self.trace: Callable[[Entry, Direction, str | bytes], None] = lambda entry, direction, text: None
        metrics.pending.set_function(lambda: publisher.pending)

    # the composition root calls these

    @contextlib.asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[int]:
        """Listens while the block runs; gives the port, which matters when 0 was asked for."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            self._handshakes = group
            listener = await loop.create_server(lambda: Connection(self), host, port, backlog=BACKLOG)
            pulse = group.create_task(self._pulse(), name="pulse")
            try:
                yield listener.sockets[0].getsockname()[1]
            finally:
                listener.close()
                pulse.cancel()
                self._admission.close()
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
        while self._connections and time.monotonic() < deadline:  # noqa: ASYNC110  once, at the stop
            await asyncio.sleep(0.02)

    def fenced(self, fence: Fence) -> None:
        """Another session of the charge point is newer: ours, if older, is over."""
        connection = self._open.get(fence.charge_point_key)
        if connection is None or connection.entry is None:
            return
        connection.entry.epoch = max(connection.entry.epoch, fence.newest)
        if connection.epoch < fence.below:
            self._supersede(connection)

    def inventory_changed(self, entry: Entry) -> None:
        """The registry says so: a deleted charge point is put out, a registration acts at once."""
        connection = self._open.get(entry.key)
        if connection is None:
            return
        if entry.deleted:
            connection.close(1008, "this charge point was deleted", "refused")
        elif entry.password_hash != connection.password_hash:
            connection.close(1008, "the password of this charge point was changed", "refused")
        elif (session := connection.session) is not None:
            if session.registration != entry.registration:
                session.registration = entry.registration
                connection.announce()  # so that the rollup settles its statuses, which count, or no longer do
            connection.run_errands()

    async def asked(self, ask: Ask) -> Told:
        """Asks a charger that is here, for another process."""
        connection, command = self._open.get(ask.charge_point_key), _command(ask)
        if connection is None:
            return Told(ask.id, error="offline")
        if command is None:
            return Told(ask.id, error="refused", detail=f"this gateway knows no {ask.what} of {ask.argument!r}")
        try:
            answer = await connection.ask(command)
        except Busy as error:
            return Told(ask.id, error="busy", detail=str(error))
        except TimeoutError as error:
            return Told(ask.id, error="timeout", detail=str(error))
        except ConnectionError as error:
            return Told(ask.id, error="offline", detail=str(error))
        if answer.status is None:
            return Told(ask.id, error="refused", detail=answer.error)
        return Told(ask.id, status=answer.status)

    def announce_all(self) -> None:
        """Publishes every session again, after the lease had lapsed."""
        for connection in self._open.values():
            connection.announce()

    # connections call these

    def accepted(self, connection: Connection) -> None:
        """A TCP connection is there."""
        self._connections.add(connection)
        self._half_open.add(connection, time.monotonic())

    def handshake(self, connection: Connection, request: Request) -> None:
        """Decides about a handshake; the connection waits."""
        assert self._handshakes is not None
        self._half_open.discard(connection)
        self._handshakes.create_task(self._handshake(connection, request))

    def lost(self, connection: Connection) -> None:
        """The connection is closed."""
        self._connections.discard(connection)
        self._half_open.discard(connection)
        entry = connection.entry
        if entry is None:
            return
        self.metrics.connections.labels(connection.protocol).dec()
        if self._open.get(entry.key) is connection:
            del self._open[entry.key]
            log.info("disconnected", extra={"charge_point_id": entry.id, "epoch": connection.epoch})

    def turned_away(self, reason: Reason, status: int | None) -> None:
        """What came was no handshake; ``status`` if HTTP was answered."""
        self.metrics.bad_handshakes.labels(reason).inc()
        if status is not None:
            self.metrics.handshakes.labels(str(status)).inc()

    def log_is_up(self) -> bool:
        """Whether the broker takes batches without delay."""
        return self.publisher.stalled_s < 1

    def count(self, protocol: str, outcome: Outcome) -> None:
        """Counts a frame and its events; the pulse hands the counts to the metrics."""
        self._frames[protocol, outcome.kind, outcome.action] += 1
        if outcome.error_code is not None:
            self._call_errors[protocol, outcome.error_code] += 1
        if outcome.left_out:
            self.metrics.left_out.inc(outcome.left_out)

    def count_event(self, event: Event) -> None:
        """Counts an event on its way to the log."""
        self._events[type(event)] += 1

    def answered(self, answer: Answer) -> None:
        """A charger answered a command."""
        result = "error" if answer.status is None else answer.status if answer.status in STATUSES else "other"
        self.metrics.commands.labels(type(answer.command).__name__, result).inc()

    async def _handshake(self, connection: Connection, request: Request) -> None:
        try:
            status = await self._admit(connection, request)
        except Exception as error:  # noqa: BLE001  one handshake must not end the others
            connection.failed("handshake", error)
            status = 500
        self.metrics.handshakes.labels(str(status)).inc()

    async def _admit(self, connection: Connection, request: Request) -> int:
        if connection.phase != "handshake":
            return 499
        response = connection.accept(request)
        if self._draining or self.publisher.pending >= self._max_pending:
            verdict: Entry | Refusal = Refusal(503, "try again later", (("Retry-After", "5"),))
        elif response.status_code != 101:
            self.metrics.bad_handshakes.labels(connection.why_not).inc()
            connection.respond(response)
            return response.status_code
        else:
            verdict = await self._admission.examine(
                request.path,
                ", ".join(request.headers.get_all("Authorization")),
                connection.address,
                request.headers.get_all("X-Forwarded-For"),
                request.headers.get_all("Forwarded"),
                connection.is_gone,
            )
        if connection.is_gone():  # or it did not wait for the answer
            connection.abort()
            return 499
        if isinstance(verdict, Refusal):
            connection.refuse(verdict)
            return verdict.status
        password_hash = verdict.password_hash
        if verdict.in_conflict(time.monotonic()):
            self.metrics.identity_conflicts.inc()
            await asyncio.sleep(self.handshake_timeout_s * random.uniform(*CONFLICT_DELAY))  # noqa: S311
        floor = verdict.epoch
        epoch = await self._claims.claim(verdict.key, self.clock(), floor)
        if connection.is_gone():
            connection.abort()
            return 499
        older = self._open.get(verdict.key)
        newest, overtaken = verdict.epoch, floor < verdict.epoch >= epoch
        if overtaken and older is not None and older.epoch == newest and older.accepted_at <= connection.accepted_at:
            epoch, overtaken = newest + 1, False  # without Redis both claims were made of the same clock and floor
        has_changed = verdict.password_hash != password_hash
        if verdict.deleted or has_changed or overtaken:
            connection.refuse(Refusal(404 if verdict.deleted else 503, "this charge point has just changed"))
            return 404 if verdict.deleted else 503
        verdict.epoch = max(verdict.epoch, epoch)
        session = Session(
            protocol=connection.protocol,
            charge_point_id=verdict.id,
            charge_point_key=verdict.key,
            epoch=epoch,
            gateway_id=self._id,
            registration=verdict.registration,
            policy=self._policy,
            transaction_id=_transaction_id,
        )
        if older is not None:
            self._supersede(older)
        self._open[verdict.key] = connection
        self.metrics.connections.labels(connection.protocol).inc()  # before anything can close it
        connection.open(response, verdict, session, epoch, self.publisher.partition_of(verdict.id.encode()))
        log.info(
            "connected",
            extra={"charge_point_id": verdict.id, "protocol": connection.protocol, "epoch": epoch},
        )
        return 101

    def _supersede(self, connection: Connection) -> None:
        if connection.session is not None and connection.entry is not None:  # one that is closing is no rival
            self.metrics.takeovers.inc()
            connection.entry.taken_over(time.monotonic())
        connection.close(1001, "a newer connection of this charge point took over", "superseded")

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            now = time.monotonic()
            for connection in list(self._connections):
                connection.pulse(now)
            self._hand_over_counts()

    def _hand_over_counts(self) -> None:
        for frame, n in self._frames.items():
            self.metrics.frames.labels(*frame).inc(n)
        for error, n in self._call_errors.items():
            self.metrics.call_errors.labels(*error).inc(n)
        for event, n in self._events.items():
            self.metrics.events.labels(event.__name__).inc(n)
        self._frames.clear()
        self._call_errors.clear()
        self._events.clear()


def _command(ask: Ask) -> Command | None:
    """The command that is asked for; None for words that we do not know."""
    match ask.what:
        case "trigger":
            known = ask.argument in get_args(Requested)
            return TriggerMessage(cast(Requested, ask.argument), ask.evse_id, ask.connector_id) if known else None
        case "reset":
            return Reset(cast(ResetKind, ask.argument)) if ask.argument in get_args(ResetKind) else None
        case "unlock":
            return UnlockConnector(ask.evse_id or 0, ask.connector_id or 0)
        case _:
            assert_never(ask.what)


def _transaction_id() -> int:
    return random.randint(1, 2**31 - 1)  # noqa: S311  an id, not a secret
