"""The mark by which readers know that the copy in Redis is no older than seconds."""

import asyncio
import logging
import time

import pytest
from redis.asyncio import Redis

from ingest.rollup.copy.freshness import COUNTS_S, PARTING_S
from ingest.rollup.copy.publication import OLD_S
from local.stack import Stack
from shared.stores.hot import HotCopy
from shared.stores.lua import hot_scripts
from tests.integration.refusing import REFUSALS, refusing
from tests.integration.rollup.copy.copied import is_copied, no_notes, write
from tests.integration.rollup.parts import Fleet, eventually, never, rollup, running

LAPSED_WITHIN_S = OLD_S + COUNTS_S + 2

pytestmark = pytest.mark.usefixtures("redis")


async def is_fresh(copy: HotCopy) -> bool:
    return (await copy.read_many([])).lapsed_s is None


async def is_stale(copy: HotCopy) -> bool:
    return not await is_fresh(copy)


@pytest.mark.parametrize("how", REFUSALS)
async def test_a_redis_that_refuses_writes_is_stale_until_it_has_what_was_committed(
    how: str, stack: Stack, database_url: str, topic: str, fleet: Fleet, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.publication.run(), one.freshness.run()):
        await eventually(lambda: is_fresh(one.hot_copy))
        caplog.clear()
        async with refusing(redis, how):
            assert not await one.hot_copy.takes_writes()
            began = time.monotonic()
            await one.publication.publish(*await write(one, session, "Charging"))
            await eventually(lambda: is_stale(one.hot_copy))
            assert time.monotonic() - began < LAPSED_WITHIN_S
            await never(lambda: is_fresh(one.hot_copy), 3)
            assert one.counted("copy_fresh") == 0
        await eventually(lambda: is_fresh(one.hot_copy))
        assert await is_copied(fleet.pool, one.hot_copy, session)
        assert one.counted("copy_fresh") == 1
    for logger in ("publication", "freshness"):
        levels = [record.levelname for record in caplog.records if record.name == f"plugwatch.rollup.{logger}"]
        assert levels == ["WARNING", "INFO"], "one line when it goes, one when it is back"


async def test_a_note_that_nobody_publishes_withdraws_the_mark(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.freshness.run()):
        await one.hot_copy.set_filled()
        await eventually(lambda: is_fresh(one.hot_copy))
        applied = await write(one, session, "Charging")
        began = time.monotonic()
        await eventually(lambda: is_stale(one.hot_copy))
        assert time.monotonic() - began < LAPSED_WITHIN_S
        async with running(one.publication.run()):
            await eventually(lambda: is_fresh(one.hot_copy))
            assert await is_copied(fleet.pool, one.hot_copy, session)
        assert applied[1] is not None


async def test_a_rollup_that_alone_is_without_redis_lapses_nothing(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    session = await fleet.session()
    async with (
        rollup(stack, database_url, topic) as one,
        rollup(stack, database_url, topic) as cut_off,
        running(one.publication.run(), one.freshness.run()),
    ):
        await eventually(lambda: is_fresh(one.hot_copy))
        caplog.clear()

        async def stale_while_the_other_writes() -> bool:
            await write(cut_off, session, "Charging")
            return await is_stale(one.hot_copy)

        await never(stale_while_the_other_writes, 8)
        assert not [record for record in caplog.records if record.name == "plugwatch.rollup.freshness"]


async def test_notes_on_their_way_lapse_nothing(stack: Stack, database_url: str, topic: str, fleet: Fleet) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.publication.run(), one.freshness.run()):
        await eventually(lambda: is_fresh(one.hot_copy))

        async def stale_while_written() -> bool:
            await one.publication.publish(*await write(one, session, "Charging"))
            await one.publication.publish(*await write(one, session, "Available"))
            return await is_stale(one.hot_copy)

        await never(stale_while_written, 5)


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_without_postgres_nothing_commits_and_the_mark_lives(
    how: str, stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    async with rollup(stack, database_url, topic) as one, running(one.publication.run(), one.freshness.run()):
        await eventually(lambda: is_fresh(one.hot_copy))
        if how == "killed":
            stack.postgres.kill()
        else:
            stack.postgres.pause()
        try:
            await never(lambda: is_stale(one.hot_copy), 3 * COUNTS_S)
        finally:
            if how == "killed":
                stack.postgres.start()
            else:
                stack.postgres.resume()
        await eventually(lambda: no_notes(fleet.pool))


async def test_a_rollup_that_starts_without_postgres_vouches_for_nothing(
    stack: Stack, database_url: str, topic: str, redis: Redis
) -> None:
    async with rollup(stack, database_url, topic) as one:
        await one.hot_copy.set_filled()
        stack.postgres.kill()
        try:
            async with running(one.freshness.run()):
                await never(lambda: is_fresh(one.hot_copy), 2)
        finally:
            stack.postgres.start()


async def test_a_wiped_redis_is_stale_until_it_is_filled(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, redis: Redis
) -> None:
    async with rollup(stack, database_url, topic) as one, running(one.freshness.run()):
        await one.hot_copy.set_filled()
        await eventually(lambda: is_fresh(one.hot_copy))
        await redis.flushall()
        assert await is_stale(one.hot_copy)
        await redis.set(hot_scripts.FILLED, "run id of the Redis that this one was restored from")
        await never(lambda: is_fresh(one.hot_copy), 2)
        await one.hot_copy.set_filled()
        await eventually(lambda: is_fresh(one.hot_copy))


async def test_with_the_last_rollup_killed_the_mark_lapses_and_with_one_that_stops_it_stays(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one:
        await one.hot_copy.set_filled()
        async with running(one.freshness.run()):
            await eventually(lambda: is_fresh(one.hot_copy))
        began = time.monotonic()
        await eventually(lambda: is_stale(one.hot_copy))
        assert time.monotonic() - began < COUNTS_S + 2
        await one.freshness.part()
        await never(lambda: is_stale(one.hot_copy), COUNTS_S + 2)
        assert COUNTS_S + 2 < PARTING_S
        await one.hot_copy.withdraw()
        await write(one, session, "Charging")
        await one.freshness.part()
        assert await is_stale(one.hot_copy), "something is left to be published"


async def test_a_sleep_between_look_and_mark_extends_nothing(redis: Redis) -> None:
    copy = HotCopy(redis, stream_length=10)
    await copy.set_filled()
    await copy.mark(await copy.now() - 1_000 * (COUNTS_S + 7), COUNTS_S)
    read = await copy.read_many([])
    assert read.lapsed_s == COUNTS_S + 7
    await asyncio.gather(copy.mark(await copy.now(), COUNTS_S), copy.mark(await copy.now(), COUNTS_S))
    assert await is_fresh(copy)
