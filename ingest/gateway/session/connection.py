"""One charger's session: frames to facts, facts to the log, and the answers once they are durable.

The shell around the pure OCPP session. A frame with events holds back its answer, and the frames behind it,
until its events are durable. Frames of a session that has ended are neither answered nor published.
"""

import asyncio
import time
from collections.abc import Collection
from math import inf
from typing import Protocol

from websockets.server import ServerProtocol

from ingest.gateway.commands.missing_statuses import Place
from ingest.gateway.commands.queue import CommandQueue
from ingest.gateway.faults import guarded
from ingest.gateway.inventory.entry import Entry
from ingest.gateway.publishing.batches import OnDone, Ticket
from ingest.gateway.session.host import Host
from ingest.gateway.session.web_socket import Phase, WebSocket
from ingest.ocpp import frame
from ingest.ocpp.commands import Command
from ingest.ocpp.session import Answer, Outcome, Session
from shared.words import codec
from shared.words.event import EndReason, Event, InventoryReported

INVENTORY_TOKENS = 25  #: it may make 255 lines of history, and ten are what fits into the bytes of a token
CONFLICT_OVER_S = 120  #: a socket that lasts so long has won
UNSTORED = 8  #: answers that the broker has not acked; with as many no intent is sent that would bring one more


class Home(Host, Protocol):
    """The gateway that charge points are let in by."""

    def lost(self, connection: "Connection") -> None:
        """The socket is closed."""


class Connection(WebSocket):
    """A charge point that was let in."""

    __slots__ = (
        "_commands", "_in_conflict", "_key", "_opened_at", "_partition", "_session", "_ticket", "_unstored", "_waiting",
        "_waiting_since", "accepted_at", "entry", "epoch", "password_hash",
    )  # fmt: skip
    _host: Home

    def __init__(
        self,
        host: Home,
        transport: asyncio.Transport,
        proto: ServerProtocol,
        *,
        entry: Entry,
        session: Session,
        epoch: int,
        accepted_at: float,
    ) -> None:
        super().__init__(host, transport, proto)
        self._session = session
        self._key = entry.id.encode()
        self._partition = host.publisher.partition_of(self._key)
        self._commands = CommandQueue(
            self._phase_since,
            host.limits.settle_s,
            host.limits.answer_s,
            is_2x=not self.protocol.startswith("ocpp1."),
        )
        self._waiting: Outcome | None = None  #: a CALL, for the broker's ack
        self._waiting_since = 0.0
        self._ticket: Ticket | None = None
        self._unstored = 0  #: answers that the broker has not acked
        self._in_conflict = False
        self._opened_at = self._phase_since
        self.accepted_at = accepted_at
        self.entry = entry
        self.epoch = epoch
        self.password_hash = entry.password_hash  #: what its password was checked against

    # the server calls these

    @property
    def protocol(self) -> str:
        """The negotiated sub-protocol."""
        return self._proto.subprotocol or ""

    @property
    def is_open(self) -> bool:
        """Whether its session goes on."""
        return self.phase is Phase.OPEN

    @guarded("log")
    def announce(self) -> None:
        """Publishes that the session is here (again)."""
        if self.phase is Phase.OPEN:
            host = self._host
            self._in_conflict, self.due_at = self.entry.in_conflict(time.monotonic()), 0.0
            began = self._session.began(host.clock(), identity_conflict=self._in_conflict, leased=host.is_leased())
            self._publish((began,))

    def inventory_changed(self) -> None:
        """The entry says so: a registration acts at once, and so do new intents."""
        if self._session.registration != self.entry.registration:
            self._session.registration = self.entry.registration
            self._commands.registered(time.monotonic())
            self.announce()  # so that the rollup settles its statuses, which count, or no longer do
        self.run_commands()

    async def ask(self, command: Command, within_s: float) -> Answer:
        """Sends a CALL when its turn comes, within that time, and waits for the answer.

        Raises:
            Unsupported: the charger's version has no such command.
            Busy: too many commands wait for this charger; or (Unsent) its turn did not come in time.
            ConnectionError: it was not sent, the session is over.
            Interrupted: it was sent, and the charger left or restarted.
            TimeoutError: it was sent, and the charger does not answer.
        """
        if self.phase is not Phase.OPEN:
            raise ConnectionError("the charger is not connected")
        self._session.check(command)
        answer = self._commands.add(command, time.monotonic() + within_s)
        self.run_commands()
        return await answer

    @guarded("command")
    def run_commands(self) -> None:
        """Sends the next command, if there is one and none is under way."""
        self.due_at = 0.0
        session, host, waiting = self._session, self._host, self._waiting
        if self.phase is not Phase.OPEN or session.registration == "REJECTED":
            return
        if waiting is not None and waiting.action == "BootNotification":
            return  # it does not know yet that it is accepted
        now = time.monotonic()
        if session.registration == "PENDING":
            command = self._commands.take_boot(now)
        else:
            pace = host.pace if waiting is None and host.publisher.is_up else None
            entry, may_intend = self.entry, self._unstored < UNSTORED
            command = self._commands.take(
                entry.intents if may_intend else (), entry.agreed if may_intend else (), now, pace
            )
        if command is not None:
            self._say(session.command(command))

    @guarded("timer")
    def pulse(self, now: float) -> None:
        """Looks at every timer of the connection, and says when to look again; ``now`` is monotonic (s)."""
        if self._is_to_end(now):
            return
        if self._waiting is not None:
            if now - self._waiting_since >= self._host.limits.ack_deadline_s:
                self._give_up(self._waiting)
        elif self.liveness.is_silent(now):
            self.close(1001, "nothing heard for too long", "silent")
            return
        self._look_after_commands(now)
        if self._in_conflict and now - self._opened_at >= CONFLICT_OVER_S:
            self.announce()
        self._keep_up(now)
        if not (self._unstored or self._paused or self._in_conflict or self.phase is not Phase.OPEN):
            given_up_at = inf if self._waiting is None else self._waiting_since + self._host.limits.ack_deadline_s
            self.due_at = min(self.liveness.due_at, self._commands.due_at(now), given_up_at)

    @guarded("socket")
    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone, whoever closed it."""
        try:
            super().connection_lost(exc)
        finally:
            self._host.lost(self)

    # frames

    def _text(self, text: str) -> None:
        if (self._waiting is None and not self._held) or frame.is_answer(text):  # answers pass the CALLs that wait
            self._receive(text)
        else:
            self._held += (text,)

    def _receive(self, text: str) -> None:
        session, host = self._session, self._host
        if self.phase is not Phase.OPEN:
            return
        if self.entry.traced_until:
            host.trace(self.entry, "in", text)
        outcome = session.receive(text, host.clock())
        host.counts.frame(self.protocol, outcome)
        if outcome.answer is not None:
            self._answered(outcome, outcome.answer)
            return
        if outcome.action == "BootNotification" and self._commands.booted(time.monotonic()):
            session.give_up()
        if outcome.events:
            if type(outcome.events[-1]) is InventoryReported:
                self._budget.left -= INVENTORY_TOKENS
            self._waiting = outcome
            self._waiting_since, self.due_at = time.monotonic(), 0.0
            self._ticket = self._publish(outcome.events, self._done)
        else:
            self._answer(outcome)

    def _answered(self, outcome: Outcome, answer: Answer) -> None:
        """The charger answered us: nothing waits for that to be durable."""
        self._host.counts.answer(answer)
        if outcome.events:
            self._unstored += 1
            self._publish(outcome.events, self._stored)
        self._commands.answered(answer, time.monotonic())
        self.run_commands()

    @guarded("log")
    def _stored(self, ticket: Ticket) -> None:
        self._unstored -= 1
        self.run_commands()

    def _publish(self, events: tuple[Event, ...], on_done: OnDone | None = None) -> Ticket:
        host = self._host
        for event in events:
            host.counts.event(event)
        values = [codec.encode(event) for event in events]
        return host.publisher.publish(self._partition, self._key, values, events[0].received_at, on_done)

    def _done(self, ticket: Ticket) -> None:
        outcome = self._waiting
        if ticket is not self._ticket or outcome is None:
            return
        try:  # as `guarded` does; here it would be felt
            now, self.due_at = time.monotonic(), 0.0  # something may have waited for the answer
            self._waiting = self._ticket = None
            self.liveness.heard(now)
            if ticket.is_refused:
                self._refuse(outcome, "this cannot be stored")
            else:
                self._host.metrics.ack_latency.observe(now - self._waiting_since)
                self._commands.reported(outcome.events, self.entry.intents, self.entry.agreed)
                self._answer(outcome)
            if self._held:
                self._catch_up()
        except Exception as error:  # noqa: BLE001
            self.failed("log", error)

    def _answer(self, outcome: Outcome) -> None:
        if self.phase is not Phase.OPEN:
            return
        for reply in outcome.replies:
            self._say(reply)
        if outcome.kind == "call":
            self._heard(outcome, is_refused=outcome.error_code is not None)

    def _refuse(self, outcome: Outcome, *why: str) -> None:
        """What a CALL said could not be stored."""
        self._heard(outcome, is_refused=True)
        if outcome.message_id is not None:
            self._say(self._session.internal_error(outcome.message_id, *why))

    def _heard(self, outcome: Outcome, *, is_refused: bool) -> None:
        """A CALL is answered; a BootNotification with what it is registered as, or with a CALLERROR as nothing."""
        if is_refused and outcome.action == "BootNotification":
            self._commands.boot_refused(time.monotonic())
        else:
            self._commands.heard(is_told=outcome.told in (None, self._session.registration))

    def _catch_up(self) -> None:
        while self._held and self._waiting is None:
            text, self._held = self._held[0], self._held[1:]
            self._receive(text)
        self._host.read_queue.add(self)

    def _give_up(self, outcome: Outcome) -> None:
        """The broker did not ack in time: InternalError, and the state is asked for again later."""
        now, ticket = time.monotonic(), self._ticket
        self._waiting = self._ticket = None
        self.liveness.heard(now)
        self._host.metrics.ack_timeouts.inc()
        if ticket is not None:
            ticket.withdraw()
        self._commands.statuses.refused(outcome.events, now)
        self._refuse(outcome)
        self._catch_up()

    def _say(self, text: bytes) -> None:
        if self.phase is Phase.OPEN and self.entry.traced_until:
            self._host.trace(self.entry, "out", text)
        self._send(text)

    def _look_after_commands(self, now: float) -> None:
        if self.phase is not Phase.OPEN:
            return
        overdue = self._commands.overdue(now)
        if overdue is not None:
            self._session.give_up()
            self._host.metrics.commands.labels(type(overdue).__name__, "timeout").inc()
        statuses = self._commands.statuses
        if statuses.wants_places(now) and self._session.registration == "ACCEPTED":
            statuses.is_looking = True
            self._host.places.want(self.entry.key, self._places_known)
        self.run_commands()

    @guarded("command")
    def _places_known(self, places: Collection[Place]) -> None:
        self._commands.statuses.known(places)
        self.due_at = 0.0

    def _ended(self, reason: EndReason) -> None:
        """No frame of it is answered or published from here on."""
        self._commands.end()
        self._host.metrics.ended.labels(reason).inc()
        if reason != "superseded":  # the newer session says so itself
            now = self._host.clock()
            last_seen_at = now - int((time.monotonic() - self.liveness.heard_at) * 1000)
            self._publish((self._session.ended(reason, last_seen_at, now),))
