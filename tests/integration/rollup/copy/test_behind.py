"""How far behind the log rollups are, as they write it with the freshness mark."""

import time
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from ingest.rollup.copy.freshness import COUNTS_S
from ingest.rollup.log.reading import SEEN_WITHIN_S
from local.stack import Stack
from shared.stores.hot import HotCopy
from shared.stores.lua import hot_scripts
from tests.integration.rollup.parts import Fleet, clock, eventually, publish, rollup, running

HOLD = "SELECT FROM log_positions WHERE topic = $1 FOR UPDATE"


async def behind_s(copy: HotCopy) -> int | None:
    return (await copy.changes.follow("0-0", 1, 0.1)).behind_s


def tells(copy: HotCopy, *, at_least: int, at_most: int) -> Callable[[], Awaitable[bool]]:
    async def told() -> bool:
        found = await behind_s(copy)
        return found is not None and at_least <= found <= at_most

    return told


async def test_a_backlog_is_told_by_its_age_until_it_is_worked_off(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, redis: Redis
) -> None:
    session, old = await fleet.session(), clock() - 120_000
    await publish(stack, topic, session.began(old), session.reported(old, "Charging"))
    async with rollup(stack, database_url, topic) as one, fleet.pool.acquire() as connection:
        await one.hot_copy.set_filled()
        async with running(one.freshness.run(), one.publication.run()):
            await eventually(lambda: is_fresh(one.hot_copy))
            assert await behind_s(one.hot_copy) is None, "it has no partition, and does not know"
            await one.store.positions(range(4))
            async with connection.transaction():
                await connection.execute(HOLD, topic)
                async with running(one.consumer.run()):
                    await eventually(tells(one.hot_copy, at_least=121, at_most=180))
            async with running(one.consumer.run()):
                await eventually(tells(one.hot_copy, at_least=0, at_most=0))
                assert await fleet.is_("OCCUPIED", session.key)


async def test_a_gateway_with_a_late_clock_is_no_lag_of_an_hour(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, redis: Redis
) -> None:
    session, other = await fleet.session(), await fleet.session("CP2")
    async with (
        rollup(stack, database_url, topic) as one,
        fleet.pool.acquire() as connection,
        running(one.consumer.run(), one.freshness.run(), one.publication.run()),
    ):
        await publish(stack, topic, session.began(clock()), partition=0)
        await publish(stack, topic, other.began(clock()), partition=1)
        await eventually(lambda: fleet.is_("ONLINE", session.key))
        await eventually(lambda: fleet.is_("ONLINE", other.key))
        await eventually(tells(one.hot_copy, at_least=0, at_most=0))
        async with connection.transaction():
            await connection.execute(HOLD, topic)
            await publish(stack, topic, session.reported(clock() - 3_600_000, "Charging"), partition=0)
            await eventually(lambda: one.consumer.lag_s > 3_000)
            await eventually(tells(one.hot_copy, at_least=2, at_most=30))
        await eventually(tells(one.hot_copy, at_least=0, at_most=0))


async def test_a_rollup_that_was_frozen_does_not_know(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, redis: Redis
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await publish(stack, topic, session.began(clock()))
        await eventually(lambda: fleet.is_("ONLINE", session.key))

        async def is_level() -> bool:
            return one.consumer.behind_s == 0

        await eventually(is_level)
        time.sleep(SEEN_WITHIN_S + 0.1)  # noqa: ASYNC251
        assert one.consumer.behind_s is None
        await eventually(is_level)


async def test_the_worst_counts_as_long_as_its_own_mark(redis: Redis) -> None:
    copy = HotCopy(redis, stream_length=10)
    await copy.set_filled()
    await copy.mark(await copy.now(), 1.5, "one", 90)
    await copy.mark(await copy.now(), 60, "other", 2.9)
    assert await behind_s(copy) == 90

    async def only_the_other() -> bool:
        await copy.mark(await copy.now(), 60, "other", 2.9)
        return await behind_s(copy) == 2

    await eventually(only_the_other)
    held = await redis.hgetall(hot_scripts.FRESH)
    assert b"of:one" not in held
    await copy.mark(await copy.now(), 60, "other", None)
    assert await behind_s(copy) is None


async def test_a_rollup_of_a_former_version_keeps_no_lag_of_another_alive(redis: Redis) -> None:
    copy = HotCopy(redis, stream_length=10)
    await copy.set_filled()
    await copy.mark(await copy.now(), 1, "one", 90)
    await redis.hset(hot_scripts.FRESH, "until", str(await copy.now() + 60_000))
    assert await behind_s(copy) == 90

    async def is_forgotten() -> bool:
        return await behind_s(copy) is None

    await eventually(is_forgotten, within_s=COUNTS_S)
    assert await is_fresh(copy)


async def is_fresh(copy: HotCopy) -> bool:
    return (await copy.read_many([])).lapsed_s is None
