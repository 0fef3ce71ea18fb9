"""Reads from Redis: one round trip at a time, for all who came during the one before; none while Redis is away."""

import asyncio
import logging
from collections.abc import Callable

from shared.stores import hot
from shared.stores.hot import Hot, HotCopy
from shared.stores.outage import Outage

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
        self._away = Outage(
            log, "Redis is away: documents come from Postgres meanwhile", "Redis is back: documents come from it again"
        )
        self._stale = Outage(
            log,
            "no rollup vouches for the copy in Redis: documents come from Postgres meanwhile. "
            "See whether rollups run and Redis takes writes",
            "the copy in Redis is fresh again: documents come from it",
        )
        self._ask_at = 0.0

    async def read(self, key: str) -> Hot | None:
        """The document under ``key``; None when Redis lacks it or is away: ask Postgres then.

        One with an ``age_s`` is for when Postgres cannot say. While Redis is away one request a second asks it,
        the others do not wait for its answer.
        """
        was_away = bool(self._away)
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
            self._away.began(error)
            self._ask_at = self._clock() + PAUSE_S
            return
        self._away.ended()
        if found.lapsed_s is None:
            self._stale.ended()
        else:
            self._stale.began(f"for {found.lapsed_s} s")
        for (_, one), document in zip(batch, found.documents, strict=True):
            if not one.done():
                one.set_result(document)
