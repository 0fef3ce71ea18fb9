"""Keeps the network's counts of each minute that is over, from history; one rollup does it, whoever is first.

Lines that come later for a minute that is kept (a rollup was behind, or somebody restored history) are noticed, since
their number and the newest of them are kept with it; from there on all is counted again. Once a day, and when a rollup
starts, it goes on from a whole count, for what has no line in history: a place that an operator forgot. So it does
within an hour where charge points are missing or too many: they bear the time at which their transaction began, and
that may have been committed after its minute was counted. While rollups are far behind, as after a backup of days ago
was restored, nothing is counted: older lines than those that are looked at might come.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.stores import minutes
from shared.stores.minutes import BEFORE, Counts
from shared.stores.postgres import AWAY, Connection, Pool

log = logging.getLogger("plugwatch.rollup.series_minutes")

EVERY_S = 30
AWAY_S = 120  #: a whole count is no light work
SOON_S = 0.2  #: after an hour that was counted, when there are more
MINUTE = timedelta(minutes=1)
SETTLED = timedelta(seconds=15)  #: lines of a minute have come by then, as a rule
SPAN = timedelta(hours=1)  #: counted at once
KEPT = timedelta(days=32)
BEGINS = timedelta(days=2)  #: where there is nothing yet, it begins so long ago
LOOKED_AT = timedelta(hours=2)  #: for lines that came later, at each turn
MOST_LAG_S = 3600  #: half of that
LOOKED_AT_HOURLY = timedelta(days=2)
ANEW = timedelta(days=1)
LOCK = 7_584_928_467_101_325  #: pg_try_advisory_xact_lock key: one rollup counts
WITHIN_S = 120  #: a whole count: 5 s for 100,000 stations

_LAST = "SELECT * FROM series_minutes WHERE at <= $1 ORDER BY at DESC LIMIT 1"
_LINES = """
    SELECT date_trunc('minute', received_at) + interval '1 minute' AS at, count(*) AS lines, max(id) AS last_id
    FROM history WHERE received_at >= $1 AND received_at < $2 AND kind IN ('STATUS', 'CONNECTIVITY')
    GROUP BY 1
"""
_OTHER = f"""
    SELECT min(at) FROM series_minutes m FULL JOIN ({_LINES}) n USING (at)
    WHERE at > $1 AND at <= $2 AND (coalesce(m.lines, 0), coalesce(m.last_id, 0))
          IS DISTINCT FROM (coalesce(n.lines, 0), coalesce(n.last_id, 0))
"""  # noqa: S608
_INSERT = """
    INSERT INTO series_minutes (at, connectors, charge_points, lines, last_id, last_key)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
_CORRECT = "UPDATE series_minutes SET connectors = $2, charge_points = $3 WHERE at = $1"
_LAST_KEY = "SELECT coalesce(max(key), 0) FROM charge_points WHERE created_at < $1"
_THERE_WERE = "SELECT count(*) FROM charge_points WHERE created_at < $1 AND (deleted_at IS NULL OR deleted_at >= $1)"
_FIRST_LINE = "SELECT date_trunc('minute', min(received_at)) FROM history WHERE received_at > $1"
_SETTINGS = """
    SET LOCAL work_mem = '64MB'; SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL random_page_cost = 1.1
"""


class SeriesMinutes:
    """Counts what is over; ``lag_s`` is the age of what waits in the log, None for who reads none of it."""

    def __init__(self, pool: Pool, lag_s: Callable[[], float | None] = lambda: 0.0) -> None:
        self._pool = pool
        self._lag_s = lag_s
        self._looked_at = datetime.min.replace(tzinfo=UTC)
        self._wholly_at = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Every half minute until cancelled."""
        while True:
            pause_s: float = EVERY_S
            try:
                if await self.keep(datetime.now(UTC)):
                    pause_s = SOON_S
            except AWAY as error:
                pause_s = AWAY_S
                log.warning(
                    "minutes of the series wait: Postgres is away, or counts for longer than it may",
                    extra={"error": repr(error), "again_in_s": pause_s},
                )
            await asyncio.sleep(pause_s)

    async def keep(self, now: datetime) -> bool:
        """Counts up to an hour of what is over; returns whether there is more.

        Raises:
            one of ``postgres.AWAY``: nothing is done.
        """
        lag_s = self._lag_s()
        if lag_s is None or lag_s > MOST_LAG_S:
            return False
        end = (now - SETTLED).replace(second=0, microsecond=0)
        async with self._pool.acquire(timeout=10) as connection, connection.transaction(isolation="repeatable_read"):
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
                return False
            await connection.execute(_SETTINGS)
            await self._drop_what_is_not_so(connection, now, end)
            kept = await connection.fetchrow(_LAST, end)
            last = dict(kept) if kept else await self._begin(connection, end)
            if await self._is_to_be_whole(connection, last, now):
                last |= (await self._whole(connection, last["at"]))._asdict()
                await connection.execute(_CORRECT, last["at"], last["connectors"], last["charge_points"])
                self._wholly_at = now
            until: datetime = min(last["at"] + SPAN, end)
            if until > last["at"]:
                await self._count(connection, last, until)
            return until < end

    async def _drop_what_is_not_so(self, connection: Connection, now: datetime, end: datetime) -> None:
        hourly = now - self._looked_at >= SPAN
        span = LOOKED_AT_HOURLY if hourly else LOOKED_AT
        oldest = await connection.fetchval("SELECT min(at) FROM series_minutes")
        last = await connection.fetchval("SELECT max(at) FROM series_minutes WHERE at <= $1", end)
        if last is None:
            return
        other = await connection.fetchval(_OTHER, max(oldest, last - span), last, timeout=WITHIN_S)
        if other is not None:
            log.info("lines came later for minutes that are kept: counted again", extra={"from": other.isoformat()})
            await connection.execute("DELETE FROM series_minutes WHERE at >= $1", other)
        if hourly:
            await connection.execute("DELETE FROM series_minutes WHERE at < $1", now - KEPT)
            self._looked_at = now

    async def _begin(self, connection: Connection, end: datetime) -> dict[str, Any]:
        first: datetime | None = await connection.fetchval(_FIRST_LINE, end - BEGINS)
        at = min(first or end, end)
        counts = await self._whole(connection, at)
        last_key = await connection.fetchval(_LAST_KEY, at)
        row = {"at": at, **counts._asdict(), "lines": 0, "last_id": 0, "last_key": last_key}
        await connection.execute(_INSERT, *row.values())
        return row

    async def _is_to_be_whole(self, connection: Connection, last: Mapping[str, Any], now: datetime) -> bool:
        since = now - self._wholly_at
        if since < SPAN or since >= ANEW:
            return since >= ANEW
        there_were = await connection.fetchval(_THERE_WERE, last["at"])
        return bool(there_were != sum(last["charge_points"].values()))

    async def _whole(self, connection: Connection, at: datetime) -> Counts:
        found = await minutes.moves(connection, at, at + MINUTE, minutes.MINUTE_S, None, WITHIN_S)
        (counts,) = minutes.counts_at(Counts.none(), [move for move in found if move[1] == BEFORE], 1)
        return counts

    async def _count(self, connection: Connection, last: Mapping[str, Any], until: datetime) -> None:
        start = last["at"]
        found = await minutes.moved(connection, start, until)
        lines = {row["at"]: row for row in await connection.fetch(_LINES, start, until)}
        last_key = await connection.fetchval(_LAST_KEY, until)
        steps = (until - start) // MINUTE
        rows = []
        counted = minutes.counts_at(Counts.of(last), found, steps)
        for number, counts in enumerate(counted, start=1):
            at = start + MINUTE * number
            of_it = lines.get(at)
            seen = (of_it["lines"], of_it["last_id"]) if of_it else (0, 0)
            rows.append((at, *counts, *seen, last_key))
        await connection.executemany(_INSERT, rows)
