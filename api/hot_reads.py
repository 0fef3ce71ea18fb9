"""Reads from Redis: one round trip at a time, for all who came during the one before; none while Redis is away."""

import asyncio
import logging
from collections.abc import Callable

from shared import hot
from shared.hot import Hot, HotCopy

TIMEOUT_S = 1
PAUSE_S = 1  #: how long Redis is left alone after a failure

log = logging.getLogger("plugwatch.api")

_Batch = list[tuple[str, asyncio.Future[Hot | None]]]


class HotReads:
    """Documents in Redis; ``clock`` is monotonic (s)."""

    def __init__(self, copy: HotCopy, clock: Callable[[], float]) -> None:
        self._copy = copy
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._next: _Batch = []
        self._away = False
        self._ask_at = 0.0

    async def read(self, key: str) -> Hot | None:
        """The document under ``key``; None when Redis lacks it or is away: ask Postgres then.

        While Redis is away one request a second asks it, the others do not wait for its answer.
        """
        was_away = self._away
        if was_away:
            if self._clock() < self._ask_at:
                return None
            self._ask_at = self._clock() + PAUSE_S
        batch = self._next
        mine: asyncio.Future[Hot | None] = asyncio.get_running_loop().create_future()
        batch.append((key, mine))
        if len(batch) == 1:
            await self._lead(batch, was_away)
        return await mine

    async def _lead(self, batch: _Batch, was_away: bool) -> None:
        """The first of a batch waits for the batch before, and asks for all who have come meanwhile."""
        try:
            async with self._one_at_a_time:
                self._next = []
                if was_away or not self._away:  # else Redis went away while this batch waited
                    await self._ask(batch)
        finally:
            if self._next is batch:
                self._next = []
            for _, one in batch:
                if not one.done():
                    one.set_result(None)

    async def _ask(self, batch: _Batch) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                found = await self._copy.read_many([key for key, _ in batch])
        except hot.AWAY as error:
            if not self._away:
                log.warning("Redis is away: documents come from Postgres meanwhile", extra={"error": repr(error)})
            self._away = True
            self._ask_at = self._clock() + PAUSE_S
            return
        if self._away:
            log.info("Redis is back: documents come from it again")
            self._away = False
        for (_, one), document in zip(batch, found, strict=True):
            if not one.done():
                one.set_result(document)
