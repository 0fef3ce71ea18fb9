"""Months of history: partitions attached ahead, what fell into the default one moved, old ones detached and dropped.

Both need locks that wait for every reader, a backup for hours, and whoever comes later queues behind who waits.
So each step waits ``LOCK_MS`` at most, leaves the rest to the next minute, and says so: months are there three
ahead, so no backup meets the deadline. (DETACH … CONCURRENTLY is refused beside a default partition.)
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg

from shared.stores.postgres import AWAY, Connection, Pool

log = logging.getLogger("plugwatch.rollup.history_months")

AHEAD = 3  #: months
EVERY_S = 3600
AGAIN_S = 60
LOCK_MS = 500
LOCK = 7_584_928_467_101_324  #: pg_advisory_xact_lock key: one rollup alters the months
DETACHED = "_detached"  #: what we detach is named so, and nothing else is dropped

_TABLES = """
    SELECT c.relname AS name, c.relispartition AS attached FROM pg_class c
    WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'history'::regclass)
      AND c.relname ~ '^history_\\d{4}_\\d{2}(_detached)?$' AND c.relkind = 'r' ORDER BY c.relname
"""


class HistoryMonths:
    """Keeps the partitions of ``history``."""

    def __init__(self, pool: Pool, *, retention_days: int) -> None:
        self._pool = pool
        self._retention_days = retention_days

    async def run(self) -> None:
        """Looks once an hour until cancelled, each minute while something is in the way."""
        while True:
            try:
                await self.keep(datetime.now(UTC))
                await asyncio.sleep(EVERY_S)
            except asyncpg.LockNotAvailableError as error:
                log.warning(
                    "history's months wait for a lock; trying again in a minute. A backup may hold it for hours; "
                    "if this lasts for weeks, look in pg_locks for who does",
                    extra={"error": repr(error)},
                )
                await asyncio.sleep(AGAIN_S)
            except AWAY as error:
                log.warning("history's months wait: Postgres is away", extra={"error": repr(error)})
                await asyncio.sleep(5)

    async def keep(self, now: datetime) -> None:
        """Makes this month's and the next partitions, and drops those that are wholly too old.

        Raises:
            LockNotAvailableError: somebody holds a lock (or another rollup does this now); what was done stays.
            one of ``postgres.AWAY``
        """
        tables = {row["name"]: row["attached"] for row in await self._pool.fetch(_TABLES)}
        for ahead in range(AHEAD + 1):
            month = _month(now, ahead)
            if tables.get(_name(month)) is None:
                await self._attach(month)
            elif not tables[_name(month)]:
                log.error(
                    "a month of history is detached: its lines go to history_default. Attach it, or rename the table",
                    extra={"table": _name(month)},
                )
        if self._retention_days:
            await self._retire(tables, now)

    async def _attach(self, start: datetime) -> None:
        name, end = _name(start), _month(start, 1)
        async with self._altering() as connection:
            # Before the move: what a writer puts there meanwhile would be in the way of the new partition.
            await connection.execute("LOCK TABLE history_default IN ACCESS EXCLUSIVE MODE")
            if await connection.fetchval("SELECT to_regclass($1)", name) is not None:
                return  # another rollup was first
            await connection.execute(f"CREATE TABLE {name} (LIKE history INCLUDING DEFAULTS)")
            await connection.execute(
                f"WITH moved AS (DELETE FROM history_default WHERE received_at >= $1 AND received_at < $2 RETURNING *) "  # noqa: S608
                f"INSERT INTO {name} SELECT * FROM moved",
                start,
                end,
            )
            await connection.execute(
                f"ALTER TABLE history ATTACH PARTITION {name} "
                f"FOR VALUES FROM ('{start:%Y-%m-%d}') TO ('{end:%Y-%m-%d}')"
            )

    async def _retire(self, tables: dict[str, bool], now: datetime) -> None:
        oldest = now - timedelta(days=self._retention_days)
        await self._pool.execute("DELETE FROM history_default WHERE received_at < $1", oldest)
        detached = [name for name in tables if name.endswith(DETACHED)]
        for name in (name for name, attached in tables.items() if attached):
            month = datetime.strptime(name, "history_%Y_%m").replace(tzinfo=UTC)
            if (now - _month(month, 1)).days >= self._retention_days:
                detached.append(await self._detach(name))
        for name in detached:
            async with self._altering() as connection:  # of nobody's business any more: only its own readers wait
                await connection.execute(f"DROP TABLE IF EXISTS {name}")
            log.info("history dropped by retention", extra={"table": name})

    async def _detach(self, name: str) -> str:
        async with self._altering() as connection:
            # Those first that no writer of today needs: with a backup under way this is where it ends.
            await connection.execute(f"LOCK TABLE {name}, history_default IN ACCESS EXCLUSIVE MODE")
            await connection.execute(f"ALTER TABLE history DETACH PARTITION {name}")
            await connection.execute(f"ALTER TABLE {name} RENAME TO {name}{DETACHED}")
        return f"{name}{DETACHED}"

    @contextlib.asynccontextmanager
    async def _altering(self) -> AsyncIterator[Connection]:
        async with self._pool.acquire(timeout=10) as connection, connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            yield connection


def _month(moment: datetime, later: int) -> datetime:
    months = moment.year * 12 + moment.month - 1 + later
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _name(month: datetime) -> str:
    return f"history_{month:%Y_%m}"
