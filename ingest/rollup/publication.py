"""From committed transactions to Redis, and again after whatever went wrong in between.

Each transaction leaves a note of what it touched; a note is forgotten once Redis has it. Notes that
grow old belong to a writer that died or to a Redis that was away: any rollup publishes them, from
what Postgres says now. A Redis that was wiped or replaced is filled whole. Nothing here is needed
for correctness of Postgres; all of it is for Redis never to stay stale.
"""

import asyncio
import logging
from collections.abc import Sequence

from redis.exceptions import RedisError

from ingest.rollup.metrics import Metrics
from shared import fleet
from shared.hot import AWAY as REDIS_AWAY
from shared.hot import Change, HotCopy
from shared.outage import Outage
from shared.postgres import AWAY as POSTGRES_AWAY
from shared.postgres import Pool

log = logging.getLogger("plugwatch.rollup.publication")

EVERY_S = 0.5
OLD_S = 2  #: a note that is older was left by its writer; while there is one, the copy counts as stale
NOTES = 200  #: old notes published at once
PAGE = 500  #: documents read at once when filling
FILL_LOCK = 7_584_928_467_101_323  #: pg_try_advisory_lock key: one rollup fills

_OLD_NOTES = """
    SELECT id, station_keys, charge_point_keys FROM unpublished
    WHERE created_at < now() - make_interval(secs => $1) ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
"""


class Publication:
    """Publishes documents and keeps Redis full."""

    def __init__(self, pool: Pool, hot: HotCopy, metrics: Metrics) -> None:
        self._pool = pool
        self._hot = hot
        self._metrics = metrics
        self._published: list[int] = []
        self._outage = Outage(
            log, "Redis is away, or takes no writes: documents are published when it does", "Redis takes writes again"
        )
        self._unread = Outage(log, "notes wait: Postgres is away", "Postgres is back: notes are read again")

    @property
    def waits(self) -> bool:
        """Whether something that was committed here may not be in Redis yet."""
        return bool(self._outage)

    async def publish(self, changes: Sequence[Change], note: int | None) -> None:
        """Publishes what a transaction changed; if Redis is away, its note is found later."""
        if note is None or self._outage:
            return
        try:
            await self._hot.publish(changes)
            self._published.append(note)
        except REDIS_AWAY as error:
            self._outage.began(error)
            self._metrics.publish_failures.inc()

    async def run(self) -> None:
        """Forgets, catches up and fills until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.forget()
                self._unread.ended()
                if not await self._hot.is_filled():
                    await self._fill()
                while await self._catch_up():
                    pass
                if self._outage:
                    await self._hot.write()
                    self._outage.ended()
            except (*REDIS_AWAY, *POSTGRES_AWAY) as error:
                # Both may raise OSError and TimeoutError.
                if not isinstance(error, RedisError) and await self._hot.takes_writes():
                    self._unread.began(error)
                else:
                    self._outage.began(error)

    async def forget(self) -> None:
        """Forgets the notes of what has been published.

        Raises:
            one of ``postgres.AWAY``: they are published once more.
        """
        published, self._published = self._published, []
        if published:
            async with self._pool.acquire(timeout=5) as connection, connection.transaction():
                await connection.execute("SET LOCAL synchronous_commit = off")
                await fleet.forget(connection, published)

    async def _catch_up(self) -> bool:
        async with self._pool.acquire(timeout=5) as connection, connection.transaction():
            notes = await connection.fetch(_OLD_NOTES, OLD_S, NOTES)
            if notes:
                stations = {key for note in notes for key in note["station_keys"]}
                charge_points = {key for note in notes for key in note["charge_point_keys"]}
                await self._hot.publish(await fleet.changes_of(connection, stations, charge_points))
                await fleet.forget(connection, [note["id"] for note in notes])
            return len(notes) == NOTES

    async def _fill(self) -> None:
        async with self._pool.acquire(timeout=5) as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", FILL_LOCK):
                return
            try:
                n = 0
                # Deleted ones too, as tombstones: a Redis restored from a snapshot may still serve them.
                for table in ("stations", "charge_points"):
                    last = 0
                    while True:
                        page = await connection.fetch(
                            f"SELECT key FROM {table} WHERE key > $1 ORDER BY key LIMIT $2",  # noqa: S608
                            last,
                            PAGE,
                        )
                        if not page:
                            break
                        keys = [row["key"] for row in page]
                        changes = await fleet.changes_of(
                            connection, *((keys, ()) if table == "stations" else ((), keys))
                        )
                        await self._hot.publish(changes, stream=False)
                        n += len(keys)
                        last = keys[-1]
                await self._hot.set_filled()
                self._metrics.fills.inc()
                log.info("Redis was empty or another one: filled", extra={"documents": n})
            finally:
                await connection.execute("SELECT pg_advisory_unlock($1)", FILL_LOCK)
