"""Connections are looked at when something of theirs is due, some of them in a turn of the loop."""

from collections.abc import Iterable
from typing import Protocol

from ingest.gateway.turns import in_turns

LOOKS_A_TURN = 250  #: some 5 ms if something is due of each; then whoever waits for an answer has it


class Timed(Protocol):
    """Something with timers; times are monotonic (s)."""

    due_at: float

    def pulse(self, now: float) -> None:
        """Looks at all of them, and says in `due_at` when to look again."""


async def look_at(timed: Iterable[Timed], now: float) -> None:
    """Each of which something is due by ``now``, or becomes due meanwhile."""
    async for some in in_turns(timed, LOOKS_A_TURN):
        for one in some:
            if one.due_at <= now:
                one.pulse(now)
