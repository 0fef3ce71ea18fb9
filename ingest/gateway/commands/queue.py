"""What is to be asked of one charger: one CALL at a time, in order, each with its end. Pure but for futures.

Three sources: an operator who waits for the answer, until a deadline; intents of the inventory; statuses that are
missing. What was not sent by its deadline is never sent.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from ingest.gateway.commands.missing_statuses import MissingStatuses
from ingest.gateway.commands.pace import Pace
from ingest.gateway.commands.tries import Tries
from ingest.ocpp.calls import Busy
from ingest.ocpp.commands import ChangeAvailability, Command, Resync, TriggerMessage
from ingest.ocpp.session import Answer

ANSWER_S = 30
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
    to one that only pings after ``settle_s``. Who does not answer within ``answer_s`` is sent the next one.
    """

    __slots__ = (
        "_answer_s",
        "_boot_until",
        "_is_told",
        "_may_send_at",
        "_order",
        "_sent_at",
        "_settle_s",
        "_tries",
        "_under_way",
        "_waiting",
        "statuses",
    )  # fmt: skip

    def __init__(self, now: float, settle_s: float, answer_s: float = ANSWER_S, *, is_2x: bool) -> None:
        self._settle_s = settle_s
        self._answer_s = answer_s
        self._may_send_at = now + settle_s
        self._waiting: list[_Order] = []
        self._under_way: Command | None = None
        self._order: _Order | None = None  #: who waits for what is under way
        self._sent_at = 0.0
        self._is_told = True  #: it knows what it is registered as
        self._boot_until = 0.0  #: a boot until then is one that it was asked for, and no restart
        self._tries = Tries(is_2x=is_2x)
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
        if not self._is_told:
            return self.take_boot(now)
        if self._under_way is not None or now < self._may_send_at:
            return None
        self._order = order = self._next_order(now)
        if order is not None:
            return self._send(order.command, now)
        return self._send(self._tries.take(intents, agreed) or (self.statuses.take(now, pace) if pace else None), now)

    def take_boot(self, now: float) -> Command | None:
        """The same for a PENDING charger, which may be asked for its BootNotification and nothing else (2.x B02)."""
        if self._under_way is not None or now < self._may_send_at:
            return None
        for order in self._waiting:
            if _asks_for_a_boot(order.command) and now < order.deadline and not order.done.done():
                self._waiting.remove(order)
                self._order = order
                return self._send(order.command, now)
        return None

    def heard(self, *, is_told: bool = True) -> None:
        """A CALL of the charger was answered, ``is_told`` as what it is registered as by now."""
        self._may_send_at, self._is_told = 0.0, is_told

    def boot_refused(self, now: float) -> None:
        """Its BootNotification was: until it is accepted, or goes on without, it may answer nothing."""
        self._may_send_at = now + self._settle_s

    def registered(self, now: float) -> None:
        """It is registered as something else; it learns that when it boots, or finds that it is answered."""
        self._is_told = False
        self.statuses.booted(now)  # who was refused so far has reported nothing

    def reported(
        self, events: Iterable[object], intents: Sequence[ChangeAvailability], agreed: Sequence[ChangeAvailability]
    ) -> None:
        """What it said, once that is durable."""
        self.statuses.reported(events)
        self._tries.reported(events, intents, agreed)

    def answered(self, answer: Answer, now: float) -> None:
        """The charger answered what is under way, or late what was."""
        if _asks_for_a_boot(answer.command) and self._boot_until:  # else it has come
            self._boot_until = now + self._answer_s if answer.status == "Accepted" else 0.0
        if answer.is_late:
            return
        order, self._order, self._under_way = self._order, None, None
        if order is None and isinstance(answer.command, Resync | TriggerMessage):
            self.statuses.answered(now, is_accepted=answer.status == "Accepted")
        if order is not None and not order.done.done():
            order.done.set_result(answer)

    def booted(self, now: float) -> bool:
        """The charger may have forgotten what it was asked; returns whether something was under way, and is no more."""
        self.statuses.booted(now)
        is_asked_for, self._boot_until = now < self._boot_until, 0.0
        self._tries.booted(is_asked_for=is_asked_for)
        if is_asked_for or self._under_way is None:
            return False
        self._drop(Interrupted("it restarted before it answered"))
        return True

    def overdue(self, now: float) -> Command | None:
        """Ends the waiting of those whose deadline has passed; gives up, and returns, what is not answered in time."""
        for late in [one for one in self._waiting if one.done.done() or now >= one.deadline]:
            self._waiting.remove(late)
            late.fail(Unsent(self._why_unsent()))
        command, order = self._under_way, self._order
        if command is None or now - self._sent_at < self._answer_s:
            return None
        if self._boot_until and _asks_for_a_boot(command):
            self._boot_until = now + self._answer_s
        self._drop(TimeoutError("the charger does not answer"))
        if order is None and isinstance(command, Resync | TriggerMessage):
            self.statuses.unanswered(now)
        return command

    def due_at(self, now: float) -> float:
        """When anything is to be sent, asked for or given up, if nothing happens before; 0 if that may be any time."""
        if self._waiting or self._under_way is not None:
            return 0.0
        due_at = self.statuses.due_at(now, self._may_send_at)
        return min(due_at, self._may_send_at) if now < self._may_send_at else due_at

    def end(self) -> None:
        """The session is over: nobody will answer."""
        self.statuses.end()
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

    def _send(self, command: Command | None, now: float) -> Command | None:
        self._under_way, self._sent_at = command, now
        if command is not None and _asks_for_a_boot(command):
            self._boot_until = inf
        return command

    def _why_unsent(self) -> str:
        if self._under_way is not None:
            return f"it has not answered {type(self._under_way).__name__} yet"
        if not self._is_told:
            return "it does not know yet what it is registered as: trigger its BootNotification"
        if self._may_send_at:
            return "it has not said anything yet since it connected, or since its boot could not be answered"
        return "it waits for the answer to its boot"

    def _drop(self, error: Exception) -> None:
        order, self._order, self._under_way = self._order, None, None
        if order is not None:
            order.fail(error)


def _asks_for_a_boot(command: Command) -> bool:
    return isinstance(command, TriggerMessage) and command.requested == "BootNotification"
