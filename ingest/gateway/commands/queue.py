"""What is to be asked of one charger: one CALL at a time, in order, each with its end. Pure but for futures.

Three sources: an operator who waits for the answer, until a deadline; intents of the inventory; statuses that are
missing. What was not sent by its deadline is never sent. An intent is tried once a session and again after a boot,
one that was answered before only if what the charger reports since its boot is not what was asked for.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.gateway.commands.missing_statuses import MissingStatuses
from ingest.gateway.commands.pace import Pace
from ingest.ocpp.calls import Busy
from ingest.ocpp.commands import ChangeAvailability, Command, Resync, TriggerMessage
from ingest.ocpp.session import Answer
from shared.words.event import StatusReported

ANSWER_S = 30  #: the next one is sent then, if the charger does not answer
WAITING = 16


class Unsent(Busy):
    """Its asker's deadline passed before it could be sent; it never will be."""


class Interrupted(Exception):
    """It was sent, and the charger left or restarted before it answered: it may have done it."""


@dataclass(slots=True, eq=False)
class _Order:
    """A command, and who waits for its answer."""

    command: Command
    done: asyncio.Future[Answer]
    deadline: float

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class CommandQueue:
    """Of one session that began at ``now``; all times are monotonic (s).

    Nothing is sent before the charger's first frame, since one that must boot first refuses it or answers nothing;
    to one that only pings after ``settle_s``.
    """

    __slots__ = (
        "_boot_until",
        "_broken",
        "_has_booted",
        "_may_send_at",
        "_order",
        "_sent_at",
        "_settle_s",
        "_tried",
        "_under_way",
        "_waiting",
        "statuses",
    )  # fmt: skip

    def __init__(self, now: float, settle_s: float, *, is_2x: bool) -> None:
        self._settle_s = settle_s
        self._may_send_at = now + settle_s
        self._waiting: list[_Order] = []
        self._under_way: Command | None = None
        self._order: _Order | None = None  #: who waits for what is under way
        self._sent_at = 0.0
        self._tried: frozenset[int] = frozenset()
        self._has_booted = False
        self._boot_until = 0.0  #: a boot until then is one that it was asked for, and no restart
        self._broken: frozenset[int] = frozenset()  #: intents that what was reported since the boot disagrees with
        self.statuses = MissingStatuses(now, settle_s, is_2x=is_2x)

    def add(self, command: Command, deadline: float) -> asyncio.Future[Answer]:
        """Queues a command, to be sent until ``deadline``; its answer comes in the future.

        The future raises Unsent, Interrupted, ConnectionError (not sent, the session is over) or TimeoutError.

        Raises:
            Busy: too many wait already.
        """
        if len(self._waiting) >= WAITING:
            raise Busy(f"{WAITING} commands wait for this charger")
        order = _Order(command, asyncio.get_running_loop().create_future(), deadline)
        self._waiting.append(order)
        return order.done

    def take(
        self,
        intents: Sequence[ChangeAvailability],
        agreed: Sequence[ChangeAvailability],
        now: float,
        pace: Pace | None,
    ) -> Command | None:
        """The command to send now, if none is under way and there is one. Without a pace no statuses are asked for."""
        if self._under_way is not None or now < self._may_send_at:
            return None
        self._order = self._next_order(now)
        if self._order is not None:
            self._under_way = self._order.command
        else:
            self._under_way = self._next_intent(intents, agreed) or (self.statuses.take(now, pace) if pace else None)
        self._sent_at = now
        return self._under_way

    def take_boot(self, now: float) -> Command | None:
        """The same for a PENDING charger, which may be asked for its BootNotification and nothing else (2.x B02)."""
        if self._under_way is not None or now < self._may_send_at:
            return None
        for order in self._waiting:
            if _asks_for_a_boot(order.command) and now < order.deadline and not order.done.done():
                self._waiting.remove(order)
                self._order, self._under_way, self._sent_at = order, order.command, now
                return order.command
        return None

    def heard(self) -> None:
        """A frame of the charger came and was answered."""
        self._may_send_at = 0.0

    def boot_refused(self, now: float) -> None:
        """Its BootNotification was: until it is accepted, or goes on without, it may answer nothing."""
        self._may_send_at = now + self._settle_s

    def reported(self, events: Iterable[object], agreed: Sequence[ChangeAvailability]) -> None:
        """What it said, once that is durable."""
        self.statuses.reported(events)
        if agreed and self._has_booted:
            for event in events:
                if isinstance(event, StatusReported):
                    self._broken |= {change.intent for change in agreed if _breaks(event, change)}

    def answered(self, answer: Answer, now: float) -> None:
        """The charger answered what is under way, or late what was."""
        if answer.is_late:
            return
        order, self._order, self._under_way = self._order, None, None
        if _asks_for_a_boot(answer.command) and answer.status == "Accepted":
            self._boot_until = now + ANSWER_S
        if order is None and isinstance(answer.command, Resync | TriggerMessage):
            self.statuses.answered(now, is_accepted=answer.status == "Accepted")
        if order is not None and not order.done.done():
            order.done.set_result(answer)

    def booted(self, now: float) -> bool:
        """The charger may have forgotten what it was asked; returns whether something was under way, and is no more."""
        self._has_booted = True
        self.statuses.booted(now)
        is_asked_for, self._boot_until = now < self._boot_until, 0.0
        if is_asked_for:
            return False
        self._tried = self._broken = frozenset()
        if self._under_way is None or _asks_for_a_boot(self._under_way):
            return False
        self._drop(Interrupted("it restarted before it answered"))
        return True

    def overdue(self, now: float) -> Command | None:
        """Ends the waiting of those whose deadline has passed; gives up, and returns, what is not answered in time."""
        while self._waiting and (self._waiting[0].done.done() or now >= self._waiting[0].deadline):
            self._waiting.pop(0).fail(Unsent(self._why_unsent()))
        command, order = self._under_way, self._order
        if command is None or now - self._sent_at < ANSWER_S:
            return None
        self._drop(TimeoutError("the charger does not answer"))
        if order is None and isinstance(command, Resync | TriggerMessage):
            self.statuses.unanswered(now)
        return command

    def end(self) -> None:
        """The session is over: nobody will answer."""
        self._drop(Interrupted("it left before it answered"))
        while self._waiting:
            self._waiting.pop(0).fail(ConnectionError("the charger has gone"))

    def _next_order(self, now: float) -> _Order | None:
        while self._waiting:
            order = self._waiting.pop(0)
            if not order.done.done():  # else whoever asked has gone
                if now < order.deadline:
                    return order
                order.fail(Unsent(self._why_unsent()))
        return None

    def _next_intent(
        self, intents: Sequence[ChangeAvailability], agreed: Sequence[ChangeAvailability]
    ) -> ChangeAvailability | None:
        if not intents and not self._broken:
            return None
        broken = (change for change in agreed if change.intent in self._broken)
        change = next((change for change in (*intents, *broken) if change.intent not in self._tried), None)
        if change is not None:
            self._tried |= {change.intent}
        return change

    def _why_unsent(self) -> str:
        if self._under_way is not None:
            return f"it has not answered {type(self._under_way).__name__} yet"
        if self._may_send_at:
            return "it has not said anything yet since it connected, or since its boot could not be answered"
        return "it waits for the answer to its boot"

    def _drop(self, error: Exception) -> None:
        order, self._order, self._under_way = self._order, None, None
        if order is not None:
            order.fail(error)


def _asks_for_a_boot(command: Command) -> bool:
    return isinstance(command, TriggerMessage) and command.requested == "BootNotification"


def _breaks(event: StatusReported, change: ChangeAvailability) -> bool:
    """Whether a status is not what was asked for its place; a fault is no service, but no intent mends it."""
    if change.evse_id not in (0, event.evse_id) or change.connector_id not in (0, event.connector_id):
        return False
    if change.operative:
        return event.reported == "Unavailable"
    return event.reported not in ("Unavailable", "Faulted")
