"""From committed transactions to Redis, and again after whatever went wrong in between.

Each transaction leaves a note of what it touched; a note is forgotten once Redis has it. Notes that
grow old belong to a writer that died or to a Redis that was away: any rollup publishes them, from
what Postgres says now. A Redis that was wiped or replaced is filled whole. Nothing here is needed
for correctness of Postgres; all of it is for Redis never to stay stale.
"""

import asyncio
import contextlib
import logging
import math
import time
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from redis.exceptions import RedisError

from ingest.rollup.metrics import Metrics
from shared.process.backoff import backoff
from shared.stores import fleet, memberships, served
from shared.stores.changes import Kind
from shared.stores.hot import AWAY as REDIS_AWAY
from shared.stores.hot import Change, HotCopy
from shared.stores.outage import Outage
from shared.stores.postgres import AWAY as POSTGRES_AWAY
from shared.stores.postgres import Pool

log = logging.getLogger("plugwatch.rollup.publication")

EVERY_S = 0.5
LOOK_EVERY = 2  #: turns: how Redis stands
SEEN_S = 1.2  #: what was seen of the notes counts so long: ``freshness`` looks once a second
CHECK_S = 1  #: a Postgres that does not say by then cannot be reached
LEFT_S = 1  #: a note that is older was left by its writer, who forgets it within ``EVERY_S``
OLD_S = 2  #: while there is a note that is older, the copy counts as stale: nobody came in time
NOTES = 200  #: old notes published at once
KEYS = 20_000  #: and so many keys in them, unless a single one has more
REFILL_FIRST_S, REFILL_MOST_S = 1, 64  #: a Redis that evicts what it is given would be filled all the time
FILL_LOCK = 7_584_928_467_101_323  #: pg_try_advisory_xact_lock key: one rollup fills

_OLD_NOTES = """
    SELECT id, cardinality(station_keys) + cardinality(charge_point_keys) AS keys FROM unpublished
    WHERE created_at < now() - make_interval(secs => $1) ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
#: Its commit is not waited for: a note that is back after a crash is published once more.
_FORGET = """
    DELETE FROM unpublished
    WHERE id = ANY($1::bigint[]) AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
"""
# By the clock of Postgres alone. Ids ascend with time, nearly: what is oldest is found without looking at all.
_OLDEST = """
    SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 FROM unpublished ORDER BY id LIMIT 1
"""
_STATIONS_OF = "SELECT DISTINCT unnest(station_keys) AS key FROM unpublished WHERE id = ANY($1::bigint[])"
_MEMBERSHIPS_OF = "SELECT memberships::text FROM unpublished WHERE id = ANY($1::bigint[]) AND memberships <> '[]'"
_CHARGE_POINTS_OF = "SELECT DISTINCT unnest(charge_point_keys) AS key FROM unpublished WHERE id = ANY($1::bigint[])"


class Publication:
    """Publishes documents and keeps Redis full."""

    def __init__(self, pool: Pool, hot: HotCopy, metrics: Metrics) -> None:
        self._pool = pool
        self._hot = hot
        self._metrics = metrics
        self._published: list[int] = []
        self._oldest: float | None = None  #: the age (s) of the oldest note, as it was seen last
        self._seen_at = -math.inf  #: monotonic
        self._left = asyncio.Event()  #: a note was seen that its writer left
        self._full = b""  #: run id of the Redis that was full when this looked last, or was filled by it
        self._unreadable: set[tuple[Kind, int]] = set()  #: what cannot be read, said once in a process
        self._again_at = 0.0  #: one that loses what it was filled with is not filled again before (monotonic)
        self._pauses = backoff(REFILL_FIRST_S, REFILL_MOST_S)
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
        turn = 0
        while True:
            await self._pause()
            try:
                await self.forget()
                if self._outage or turn % LOOK_EVERY == 0:
                    await self._keep_in_order()
                if self._outage:  # what failed is the best proof that it works again
                    await self._catch_up(0)
                elif await self._is_left():
                    await self._catch_up(LEFT_S)
                self._unread.ended()
                if self._outage:
                    await self._hot.write()
                    self._outage.ended()
                    await self._catch_up(0)  # what was committed meanwhile
            except RedisError as error:
                self._outage.began(error)
            except POSTGRES_AWAY as error:
                self._seen_at = -math.inf
                self._unread.began(error)
            turn += 1

    async def _pause(self) -> None:
        self._left.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EVERY_S):
                await self._left.wait()

    async def oldest(self) -> float | None:
        """The age (s) of the oldest note; None when there is none.

        Raises:
            one of ``postgres.AWAY``
        """
        async with self._pool.acquire(timeout=CHECK_S) as connection:
            self._oldest = await connection.fetchval(_OLDEST, timeout=CHECK_S)
        self._seen_at = time.monotonic()
        if self._oldest is not None and self._oldest >= LEFT_S:
            self._left.set()
        return self._oldest

    async def _is_left(self) -> bool:
        if time.monotonic() - self._seen_at > SEEN_S:
            await self.oldest()
        return self._oldest is not None and self._oldest >= LEFT_S

    async def forget(self) -> None:
        """Forgets the notes of what has been published.

        Raises:
            one of ``postgres.AWAY``: they are published once more.
        """
        published, self._published = self._published, []
        if published:
            async with self._pool.acquire(timeout=5) as connection:
                await connection.execute(_FORGET, published)

    async def _catch_up(self, older_than_s: float) -> None:
        while await self._publish_left(older_than_s):
            pass
        self._oldest = None

    async def _publish_left(self, older_than_s: float) -> bool:
        async with self._pool.acquire(timeout=5) as connection, connection.transaction():
            notes = await connection.fetch(_OLD_NOTES, older_than_s, NOTES)
            if not notes:
                return False
            running = list(accumulate(note["keys"] for note in notes))
            taken = [note["id"] for note in notes[: max(1, bisect_right(running, KEYS))]]
            touched = [
                [row["key"] for row in await connection.fetch(of, taken)] for of in (_STATIONS_OF, _CHARGE_POINTS_OF)
            ]
            async for changes in served.pages_of(connection, *touched, unreadable=self._say_unreadable):
                await self._hot.publish(changes)
            noted = [row["memberships"] for row in await connection.fetch(_MEMBERSHIPS_OF, taken)]
            await self._hot.publish(memberships.changes(one for each in noted for one in memberships.decode(each)))
            await fleet.forget(connection, taken)
            return len(taken) < len(notes) or len(notes) == NOTES

    async def _keep_in_order(self) -> None:
        """Redis full, and its stream in bounds."""
        looked = await self._hot.look()
        run_id = looked.run_id
        if looked.is_filled:
            self._full = run_id
        elif (run_id != self._full or time.monotonic() >= self._again_at) and await self._fill(run_id):
            if run_id != self._full or time.monotonic() >= self._again_at + REFILL_MOST_S:
                self._pauses = backoff(REFILL_FIRST_S, REFILL_MOST_S)
            self._full, self._again_at = run_id, time.monotonic() + next(self._pauses)
        if looked.is_long:
            await self._hot.trim()

    async def _fill(self, run_id: bytes) -> bool:
        """Publishes everything to the Redis of ``run_id``, unless another rollup does; returns whether it did.

        One that was full when this process looked has lost keys (wiped, or evicting) and was given every change:
        its stream is whole, or gone.
        """
        # The lock is the transaction's: behind a pooler a session's would stay with a connection of somebody else.
        async with self._pool.acquire(timeout=5) as connection, connection.transaction():
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", FILL_LOCK):
                return False
            n = 0
            # Deleted ones too, as tombstones: a Redis restored from a snapshot may still serve them.
            for table in ("stations", "charge_points"):
                last = 0
                while page := await connection.fetch(
                    f"SELECT key FROM {table} WHERE key > $1 ORDER BY key LIMIT $2",  # noqa: S608
                    last,
                    served.PAGE,
                ):
                    keys = [row["key"] for row in page]
                    both = (keys, ()) if table == "stations" else ((), keys)
                    async for changes in served.pages_of(connection, *both, unreadable=self._say_unreadable):
                        await self._hot.publish(changes, stream=False)
                    n += len(keys)
                    last = keys[-1]
            await self._hot.set_filled(run_id, stream_is_whole=run_id == self._full)
        self._metrics.fills.inc()
        log.info("Redis was empty or another one: filled", extra={"documents": n})
        return True

    def _say_unreadable(self, kind: Kind, key: int, error: Exception) -> None:
        if (kind, key) not in self._unreadable:
            self._unreadable.add((kind, key))
            self._metrics.unreadable.inc()
            log.error(
                "a row cannot be read and is not published, others are: see monitoring/runbooks/RowsUnreadable.md",
                extra={"kind": kind, "key": key, "error": repr(error)},
            )
