"""What is to be asked of one charger: one CALL at a time, in order, each with its end.

Three sources: an operator who waits for the answer, wishes of the inventory that the charger has not
answered, and statuses that are missing. A wish is tried once a session and again after a boot.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from ingest.ocpp.commands import ChangeAvailability, Command, Resync
from ingest.ocpp.session import Answer, Busy

TIMEOUT_S = 30
WAITING = 16

_Asked = tuple[Command, asyncio.Future[Answer] | None]


class CommandQueue:
    """What is to be asked of one charger in one session."""

    __slots__ = ("_since", "_tried", "_under_way", "_waiting", "resync")

    def __init__(self) -> None:
        self._waiting: deque[_Asked] = deque()
        self._under_way: _Asked | None = None
        self._since = 0.0
        self._tried: set[int] = set()
        self.resync = False  #: statuses are missing

    def add(self, command: Command) -> asyncio.Future[Answer]:
        """Queues a command; its answer comes in the future.

        Raises:
            Busy: too many wait already.
        """
        if len(self._waiting) >= WAITING:
            raise Busy(f"{WAITING} commands wait for this charger: try again when it has answered some")
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, done))
        return done

    def take(self, wishes: Sequence[ChangeAvailability], now: float, *, may_resync: bool) -> Command | None:
        """The command to send now, if none is under way and there is one; ``now`` is monotonic (s)."""
        if self._under_way is not None:
            return None
        asked: _Asked | None = None
        while self._waiting and asked is None:
            asked = self._waiting.popleft()
            if asked[1] is not None and asked[1].done():
                asked = None  # whoever asked has gone
        if asked is None:
            wish = next((wish for wish in wishes if wish.intent not in self._tried), None)
            if wish is not None:
                self._tried.add(wish.intent)
                asked = (wish, None)
            elif self.resync and may_resync:
                self.resync = False
                asked = (Resync(), None)
        self._under_way, self._since = asked, now
        return asked[0] if asked else None

    def answered(self, answer: Answer) -> None:
        """The charger answered what is under way."""
        asked, self._under_way = self._under_way, None
        if asked is not None and asked[1] is not None and not asked[1].done():
            asked[1].set_result(answer)

    def booted(self) -> None:
        """The charger may have forgotten what it was asked."""
        self._tried.clear()

    def overdue(self, now: float) -> Command | None:
        """Gives up what has not been answered in time, and returns it."""
        if self._under_way is None or now - self._since < TIMEOUT_S:
            return None
        command = self._under_way[0]
        self._fail(TimeoutError("the charger does not answer"))
        return command

    def end(self) -> None:
        """The session is over: nobody will answer."""
        while self._under_way is not None or self._waiting:
            self._fail(ConnectionError("the charger has gone"))
            self._under_way = self._waiting.popleft() if self._waiting else None

    def _fail(self, error: Exception) -> None:
        asked, self._under_way = self._under_way, None
        if asked is not None and asked[1] is not None and not asked[1].done():
            asked[1].set_exception(error)
