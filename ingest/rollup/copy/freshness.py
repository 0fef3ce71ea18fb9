"""The freshness mark of the copy in Redis: readers take documents only while it lives, and ask Postgres else.

Every rollup renews it while Postgres has no note of a commit, whoever's it is, that is older than seconds. So
the mark lapses when Redis takes no writes, when a writer is cut off from it, and when no rollup is left to look.
With it each one says how far behind the log it is: what lies here is all that was committed, and may be old for that.
While Postgres cannot be reached nothing commits: the mark stays what it was. Limit: where only this rollup
cannot reach Postgres while another writer cannot reach Redis, the copy counts although it lags behind.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from secrets import token_hex

from ingest.rollup.metrics import Metrics
from shared.stores.hot import AWAY as REDIS_AWAY
from shared.stores.hot import HotCopy
from shared.stores.outage import Outage
from shared.stores.postgres import AWAY as POSTGRES_AWAY

from .publication import CHECK_S, OLD_S, Publication

log = logging.getLogger("plugwatch.rollup.freshness")

EVERY_S = 1
SOON_S = 0.5  #: while there are notes, for one that its writer left is found before it is old; or no answer
COUNTS_S = (
    3  #: a stale document may be served for so long, and OLD_S: more than a turn that waits for a frozen Postgres
)
PARTING_S = 15  #: a rollup that stops in order leaves nothing unpublished; its successor is there by then


class Freshness:
    """Looks, and renews or withdraws the mark."""

    def __init__(
        self,
        copy: HotCopy,
        publication: Publication,
        metrics: Metrics,
        behind_s: Callable[[], float | None],
    ) -> None:
        self._copy = copy
        self._publication = publication
        self._behind_s = behind_s
        self._who = token_hex(8)
        self._fresh = False  #: what Postgres said last
        self._has_notes = False  #: and of that
        self._outage = Outage(
            log,
            "the copy in Redis lags behind or is not filled: readers ask Postgres until what waits is published",
            "the copy in Redis is fresh again",
        )
        metrics.fresh.set_function(lambda: 0 if self._outage else 1)

    async def run(self) -> None:
        """Vouches for the copy until cancelled."""
        async with asyncio.TaskGroup() as group:
            look: asyncio.Task[None] | None = None
            while True:
                try:
                    now = await self._copy.now()
                    if look is None or look.done():
                        look = group.create_task(self._look())
                    await asyncio.wait([look], timeout=CHECK_S)  # a frozen Postgres may hold it for longer
                    if self._fresh and not self._publication.waits and await self._mark(now):
                        self._outage.ended()
                    else:
                        await self._copy.withdraw()
                        self._outage.began("see plugwatch_rollup_unpublished_notes")
                except REDIS_AWAY as error:
                    self._outage.began(error)
                waits = look is not None and not look.done()
                await asyncio.sleep(SOON_S if self._has_notes or waits else EVERY_S)

    async def part(self) -> None:
        """Once nothing is written any more: the copy counts until the next rollup is there, if nothing waits."""
        try:
            now = await self._copy.now()
            if await self._publication.oldest() is None:
                await self._copy.mark(now, PARTING_S, self._who)
        except (*REDIS_AWAY, *POSTGRES_AWAY) as error:
            log.warning("nobody vouches for the copy until the next rollup is there", extra={"error": repr(error)})

    async def _mark(self, now: int) -> bool:
        return await self._copy.mark(now, COUNTS_S, self._who, self._behind_s())

    async def _look(self) -> None:
        with contextlib.suppress(*POSTGRES_AWAY):
            try:
                oldest = await self._publication.oldest()
            except POSTGRES_AWAY:  # a connection that died while we slept says nothing of Postgres
                oldest = await self._publication.oldest()
            self._has_notes = oldest is not None
            self._fresh = oldest is None or oldest < OLD_S
