"""How far behind the chargers' own reports the state is: rollups that catch up still vouch for what they wrote.

Seen by what they write: the charge points that changed last, each one's newest line of history if it is a new one, and
how old that was when it came. Limits: a partition of which nothing is written is not seen, unless all rollups stand
still (then the freshness mark of Redis has lapsed); a gateway's wrong clock is taken for a lag.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from asyncpg import Record

from shared.stores import hot, postgres
from shared.stores.hot import HotCopy
from shared.stores.postgres import Pool

EVERY_S = 5
KEPT_S = 15  #: what was seen counts as long when nothing more is written
LEAST_S = 30  #: a batch, a broker that was away for a moment, the wait for the next look
MOST_S = 24 * 3600  #: a mark that is older, or none, says nothing
LOOKED_AT = 200  #: changes
WITHIN_S = 2

_LINES = """
    SELECT c.log_partition AS partition, h.id, extract(epoch FROM now() - h.received_at)::float8 AS age_s
    FROM charge_points c CROSS JOIN LATERAL (
        SELECT id, received_at FROM history WHERE charge_point_key = c.key AND received_at > now() - interval '7 days'
        ORDER BY received_at DESC, id DESC LIMIT 1
    ) h
    WHERE c.folded_id = ANY($1::text[]) AND c.deleted_at IS NULL
"""


class Progress:
    """Looks every few seconds; ``seconds`` is what it saw last, 0 where nothing is behind or nobody can say."""

    def __init__(self, pool: Pool, copy: HotCopy, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = 0
        self._pool = pool
        self._copy = copy
        self._clock = clock
        self._seen_at = clock()
        self._newest: int | None = None  #: id of a line; later ones are new

    async def run(self, tell: Callable[[int], Any]) -> None:
        """Tells ``seconds`` after each look while something is behind, and once when nothing is any more."""
        while True:
            before = self.seconds
            await self.look()
            if self.seconds or before:
                tell(self.seconds)
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Looks now. While Postgres or Redis is away, what was seen stays."""
        with contextlib.suppress(*hot.AWAY, *postgres.AWAY):
            entries = await self._copy.changes.latest(LOOKED_AT)
            ids = {one.charge_point_id.lower() for one in entries if one.kind == "charge_point" and one.charge_point_id}
            async with self._pool.acquire(timeout=WITHIN_S) as connection:
                lines = await connection.fetch(_LINES, sorted(ids), timeout=WITHIN_S)
            age_s = behind(lines, self._newest)
            self._newest = max([self._newest or 0, *(line["id"] for line in lines)])
            if age_s is None:
                lapsed_s = (await self._copy.read_many([])).lapsed_s or 0
                age_s = lapsed_s if LEAST_S <= lapsed_s < MOST_S else None
            if age_s is not None or self._clock() - self._seen_at > KEPT_S:
                self.seconds = int(age_s) if age_s is not None and age_s >= LEAST_S else 0
                self._seen_at = self._clock()


def behind(lines: Sequence[Record | dict[str, Any]], newest: int | None) -> float | None:
    """The age (s) of the freshest new line of the partition that is furthest behind; None without a new line. Pure."""
    ages: dict[int | None, float] = {}
    for line in lines:
        if newest is not None and line["id"] > newest:
            ages[line["partition"]] = min(line["age_s"], ages.get(line["partition"], line["age_s"]))
    return max(ages.values(), default=None)
