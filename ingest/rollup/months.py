"""Months of history: partitions made ahead, what fell into the default one moved, old ones dropped."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from shared.postgres import AWAY, Connection, Pool

log = logging.getLogger("plugwatch.rollup.months")

AHEAD = 3  #: months
EVERY_S = 3600
LOCK = 7_584_928_467_101_324  #: pg_advisory_xact_lock key: one rollup alters the partitions

_EXISTING = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'history'::regclass AND c.relname ~ '^history_\\d{4}_\\d{2}$'
"""


class Months:
    """Keeps the partitions of ``history``."""

    def __init__(self, pool: Pool, *, retention_days: int) -> None:
        self._pool = pool
        self._retention_days = retention_days

    async def run(self) -> None:
        """Looks once an hour until cancelled."""
        while True:
            try:
                await self.keep(datetime.now(UTC))
                await asyncio.sleep(EVERY_S)
            except AWAY as error:
                log.warning("history partitions wait: Postgres is away", extra={"error": repr(error)})
                await asyncio.sleep(5)

    async def keep(self, now: datetime) -> None:
        """Makes this month's and the next partitions, and drops those that are wholly too old.

        Raises:
            one of ``postgres.AWAY``
        """
        async with self._pool.acquire(timeout=10) as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            existing = {row["relname"] for row in await connection.fetch(_EXISTING)}
            for ahead in range(AHEAD + 1):
                month = _month(now, ahead)
                if _name(month) not in existing:
                    await _make(connection, month, _month(month, 1))
            if self._retention_days:
                await self._drop(connection, existing, now)

    async def _drop(self, connection: Connection, existing: set[str], now: datetime) -> None:
        for name in sorted(existing):
            month = datetime.strptime(name, "history_%Y_%m").replace(tzinfo=UTC)
            if (now - _month(month, 1)).days >= self._retention_days:
                await connection.execute(f"DROP TABLE {name}")
                log.info("history dropped by retention", extra={"partition": name})
        oldest = now - timedelta(days=self._retention_days)
        await connection.execute("DELETE FROM history_default WHERE received_at < $1", oldest)


async def _make(connection: Connection, start: datetime, end: datetime) -> None:
    name = _name(start)
    # Before the move: what a writer puts there meanwhile would be in the way of the new partition.
    await connection.execute("LOCK TABLE history_default IN ACCESS EXCLUSIVE MODE")
    await connection.execute(f"CREATE TABLE {name} (LIKE history INCLUDING DEFAULTS)")
    await connection.execute(
        f"WITH moved AS (DELETE FROM history_default WHERE received_at >= $1 AND received_at < $2 RETURNING *) "  # noqa: S608
        f"INSERT INTO {name} SELECT * FROM moved",
        start,
        end,
    )
    await connection.execute(
        f"ALTER TABLE history ATTACH PARTITION {name} FOR VALUES FROM ('{start:%Y-%m-%d}') TO ('{end:%Y-%m-%d}')"
    )


def _month(moment: datetime, later: int) -> datetime:
    months = moment.year * 12 + moment.month - 1 + later
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _name(month: datetime) -> str:
    return f"history_{month:%Y_%m}"
