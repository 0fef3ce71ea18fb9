"""A Redis that lost what it had, or is another one: filled again, once, and within bounds."""

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from ingest.rollup.copy.publication import Publication
from local.stack import Stack
from shared.stores.hot import Change, HotCopy
from shared.stores.lua import hot_scripts
from shared.stores.lua.hot_scripts import STREAM
from tests.events import Session
from tests.integration.rollup.copy.copied import is_copied, no_notes, write
from tests.integration.rollup.parts import Fleet, eventually, never, rollup, running

pytestmark = pytest.mark.usefixtures("redis")


@pytest.mark.parametrize("how", ["flushed", "restarted"])
async def test_a_redis_that_lost_everything_is_filled_again(
    how: str, stack: Stack, database_url: str, topic: str, fleet: Fleet, redis: Redis
) -> None:
    sessions = [await fleet.session(f"CP{number}") for number in range(3)]
    async with rollup(stack, database_url, topic) as one, running(one.publication.run()):
        for session in sessions:
            await one.publication.publish(*await write(one, session, "Charging"))
        await eventually(lambda: one.hot_copy.is_filled())
        if how == "flushed":
            await redis.flushall()
        else:
            stack.redis.restart()
        await eventually(lambda: one.counted("fills_total") >= 2)
        for session in sessions:
            assert await is_copied(fleet.pool, one.hot_copy, session)
        await eventually(lambda: one.hot_copy.is_filled())
        assert await redis.xlen(STREAM) == 0, "filling is no change"


async def test_a_change_that_a_filling_brought_first_is_told_by_its_writer_and_once(redis: Redis) -> None:
    copy = HotCopy(redis, stream_length=100)
    document = b'{"id": "CP1"}'
    filled, written = ([Change("charge_point", None, "CP1", revision, '"1"', document)] for revision in (7, 8))
    await copy.publish(filled, stream=False)
    assert await redis.xlen(STREAM) == 0
    for told in (1, 1):
        await copy.publish(filled)
        assert await redis.xlen(STREAM) == told
    for _ in range(2):
        await copy.publish(written)
        assert await redis.xlen(STREAM) == 2


class Weighing(HotCopy):
    """Redis, with what each call to publish came to (bytes)."""

    weights: list[int]

    async def publish(self, changes: Sequence[Change], *, stream: bool = True) -> None:
        self.weights.append(sum(len(change.document or b"") for change in changes))
        await super().publish(changes, stream=stream)


async def test_catching_up_and_filling_hold_a_bounded_number_of_bytes_at_once(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, redis: Redis
) -> None:
    session = await fleet.session()
    padding = ', "x": "' + "x" * 1_000_000 + '"}'
    await fleet.pool.execute(
        "INSERT INTO charge_points (id, revision, document) SELECT 'BIG' || n, n, "
        "(SELECT left(document, -1) || $2 FROM charge_points WHERE key = $1) FROM generate_series(1, 12) AS n",
        session.key,
        padding,
    )
    await fleet.pool.execute(
        "INSERT INTO unpublished (station_keys, charge_point_keys, created_at) SELECT '{}', array_agg(key), "
        "now() - interval '1 hour' FROM charge_points, generate_series(1, 3000) GROUP BY generate_series % 50"
    )
    async with rollup(stack, database_url, topic) as one:
        copy = Weighing(redis, stream_length=100)
        copy.weights = []
        async with running(Publication(fleet.pool, copy, one.metrics).run()):
            await eventually(lambda: copy.is_filled())
            await eventually(lambda: no_notes(fleet.pool))
    assert sum(copy.weights) > 24_000_000
    assert max(copy.weights) < 5_000_000


async def test_a_fill_leaves_no_lock_behind_in_its_session(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    """Behind a pooler a session is shared: its locks would be kept by a connection of somebody else."""

    of_sessions = -1

    class Looking(HotCopy):
        async def set_filled(self, run_id: bytes | None = None, *, stream_is_whole: bool = False) -> None:
            nonlocal of_sessions
            of_sessions = await fleet.pool.fetchval(
                "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                "WHERE l.locktype = 'advisory' AND a.xact_start IS NULL"
            )
            await super().set_filled(run_id, stream_is_whole=stream_is_whole)

    async with rollup(stack, database_url, topic) as one:
        copy = Looking(one.redis, stream_length=100)
        async with running(Publication(fleet.pool, copy, one.metrics).run()):
            await eventually(lambda: copy.is_filled())
    assert of_sessions == 0


async def test_a_redis_that_was_replaced_while_it_was_filled_is_filled_again(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, redis: Redis
) -> None:
    """It may be restored from a snapshot: what was published before is not there, but old documents are."""
    session = await fleet.session()

    class Replaced(HotCopy):
        times = 0

        async def publish(self, changes: Sequence[Change], *, stream: bool = True) -> None:
            await super().publish(changes, stream=stream)
            if changes[0].kind == "charge_point" and not self.times:
                self.times += 1
                stack.redis.restart()

    async with rollup(stack, database_url, topic) as one:
        copy = Replaced(redis, stream_length=100)
        async with running(Publication(fleet.pool, copy, one.metrics).run()):
            await eventually(lambda: is_filled_and_copied(fleet, copy, session))
    assert copy.times == 1


async def is_filled_and_copied(fleet: Fleet, copy: HotCopy, session: Session) -> bool:
    if not await copy.is_filled():
        return False
    assert await is_copied(fleet.pool, copy, session), "it says that all is there"
    return True


async def test_a_mark_of_filling_that_is_evicted_again_and_again_neither_fills_all_the_time_nor_resets_the_stream(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, redis: Redis
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.publication.run()):
        await eventually(lambda: one.hot_copy.is_filled())
        await one.publication.publish(*await write(one, session, "Charging"))
        newest = await one.hot_copy.changes.newest()
        assert newest is not None

        async def stream_began_anew() -> bool:
            await redis.delete(hot_scripts.FILLED)
            return await one.hot_copy.changes.newest() != newest

        await never(stream_began_anew, 10)
        assert 2 <= one.counted("fills_total") <= 6
        await eventually(lambda: one.hot_copy.is_filled())
