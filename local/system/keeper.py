"""Starts again what dies: at once the first time, then ever later, and no more after five quick deaths in a row.

A death is quick when it comes within 5 s of the start.
"""

from collections.abc import Callable, Iterable

from local.process import Process, StartFailure

QUICK_S = 5.0
PAUSES_S = (0.0, 0.2, 1.0, 3.0)


class Keeper:
    def __init__(self, processes: Iterable[Process], say: Callable[[str], None], now: float) -> None:
        """`now` (s) is when they were started, or thereabouts; `say` is told of every death."""
        self._kept = [Kept(process, now) for process in processes]
        self._say = say

    def tend(self, now: float) -> bool:
        """Look after all of them, at `now` (s); returns whether a pid changed. Raises StartFailure to give up."""
        return any([self._revive(kept, now) for kept in self._kept if not kept.process.alive])

    def _revive(self, kept: "Kept", now: float) -> bool:
        if kept.due is None:
            kept.due = now + kept.died(now)
            self._say(f"{kept.process.name} {kept.process.fate}; starting it again")
        if now < kept.due:
            return False
        kept.process.spawn()
        kept.born, kept.due = now, None
        return True


class Kept:
    """A process and how it has fared."""

    def __init__(self, process: Process, born: float) -> None:
        self.process = process
        self.born = born
        self.due: float | None = None  # when to start it again, while it is dead
        self._quick_deaths = 0

    def died(self, now: float) -> float:
        """The pause before it starts again; raises StartFailure when it has died too quickly too often."""
        self._quick_deaths = self._quick_deaths + 1 if now - self.born < QUICK_S else 0
        if self._quick_deaths > len(PAUSES_S):
            raise StartFailure(f"{self.process.name} dies again and again{self.process.last_words()}")
        return PAUSES_S[max(0, self._quick_deaths - 1)]
