"""Much that is to be done at once, without stopping the loop for those who wait for an answer."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypeVar

_T = TypeVar("_T")


async def in_turns(every: Iterable[_T], a_turn: int) -> AsyncIterator[Sequence[_T]]:
    """All there are now, so many at a time, with a turn of the loop between."""
    there = list(every)
    for start in range(0, len(there), a_turn):
        if start:
            await asyncio.sleep(0)
        yield there[start : start + a_turn]
