"""What others put under our keys, or wrote into our rows: it costs itself alone."""

import pytest
from redis.asyncio import Redis

from local.stack import Stack
from shared.stores import hot
from shared.stores.lua import hot_scripts
from shared.stores.lua.hot_scripts import STREAM
from tests.integration.rollup.copy.copied import is_copied, is_vouched_for, no_notes, write
from tests.integration.rollup.parts import Fleet, eventually, rollup, running

pytestmark = pytest.mark.usefixtures("redis")


FOREIGN = {
    "a document": ("plugwatch:charge_point:{}", "SET", "x"),
    "a document's revision": ("plugwatch:charge_point:{}", "HSET", "revision", "x"),
    "the stream": (STREAM, "SET", "x"),
    "who was filled": (hot_scripts.FILLED, "HSET", "a", "b"),
    "the mark": (hot_scripts.FRESH, "SET", "x"),
}


@pytest.mark.parametrize("what", FOREIGN)
async def test_what_somebody_else_put_under_our_keys_costs_nobody_else_and_makes_room(
    what: str,
    stack: Stack,
    database_url: str,
    topic: str,
    fleet: Fleet,
    redis: Redis,
    caplog: pytest.LogCaptureFixture,
) -> None:
    session, other = await fleet.session(), await fleet.session("OTHER")
    async with rollup(stack, database_url, topic) as one, running(one.publication.run(), one.freshness.run()):
        for each in (session, other):
            await one.publication.publish(*await write(one, each, "Charging"))
        await eventually(lambda: is_vouched_for(one.hot_copy))
        name, command, *value = FOREIGN[what]
        key = name.format(session.charge_point_id.lower())
        await redis.delete(key)
        await redis.execute_command(command, key, *value)  # type: ignore[no-untyped-call]
        if "document" in what:
            keys = [key, hot.charge_point_key(other.charge_point_id)]
            found = (await one.hot_copy.read_many(keys)).documents
            assert [each is not None for each in found] == [False, True]
        for each in (session, other):
            await one.publication.publish(*await write(one, each, "Faulted"))
        await eventually(lambda: is_vouched_for(one.hot_copy), within_s=10)
        for each in (session, other):
            assert await is_copied(fleet.pool, one.hot_copy, each)
        assert len(await one.hot_copy.changes.entries("-", 100)) > 0
        assert "Redis is away" not in caplog.text


@pytest.mark.parametrize("poison", ["updated_at = 'infinity'", "counts = '[1]'"])
async def test_a_station_that_cannot_be_read_costs_itself_and_not_the_process(
    poison: str, stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session, other = await fleet.session(), await fleet.session("OTHER")
    async with rollup(stack, database_url, topic) as one:
        await write(one, session, "Charging")
        await write(one, other, "Charging")
        station = "(SELECT station_key FROM charge_points WHERE key = $1)"
        await fleet.pool.execute(f"UPDATE stations SET {poison} WHERE key = {station}", session.key)
        async with running(one.publication.run()):
            await eventually(lambda: one.hot_copy.is_filled())
            await eventually(lambda: no_notes(fleet.pool))
            assert await is_copied(fleet.pool, one.hot_copy, other)
        assert one.counted("unreadable_rows_total") == 1
