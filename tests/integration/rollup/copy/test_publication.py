"""Redis after commits, outages and losses: in the end what Postgres says, in the order it came about."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from local.stack import Stack
from shared.stores import fleet as road
from shared.stores import hot, served
from shared.stores.hot import Change, HotCopy
from shared.stores.lua.hot_scripts import STREAM
from shared.stores.postgres import Pool
from tests.events import T0, Session
from tests.integration.rollup.copy.copied import is_copied, no_notes, write
from tests.integration.rollup.parts import Fleet, clock, eventually, publish, rollup, running

T = TypeVar("T")

pytestmark = pytest.mark.usefixtures("redis")


async def test_redis_has_the_bytes_of_postgres(stack: Stack, database_url: str, topic: str, fleet: Fleet) -> None:
    session = await fleet.session()
    await publish(stack, topic, session.began(clock()), session.reported(clock(), "Charging"))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("OCCUPIED", session.key))
        await eventually(lambda: is_copied(fleet.pool, one.hot_copy, session))
        document = await one.hot_copy.read(hot.charge_point_key(session.charge_point_id.upper()))
        assert document is not None
        assert (
            document.document
            == (await fleet.pool.fetchval("SELECT document FROM charge_points WHERE key = $1", session.key)).encode()
        )


async def test_published_notes_are_forgotten(stack: Stack, database_url: str, topic: str, fleet: Fleet) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one:
        await one.publication.publish(*await write(one, session, "Charging"))
        assert await fleet.pool.fetchval("SELECT count(*) FROM unpublished") == 1
        async with running(one.publication.run()):
            await eventually(lambda: no_notes(fleet.pool), within_s=2)


async def test_a_note_that_its_writer_died_with_is_published_by_another(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one:
        await one.hot_copy.set_filled()
        await write(one, session, "Charging")
        assert not await is_copied(fleet.pool, one.hot_copy, session)
        async with running(one.publication.run()):
            await eventually(lambda: no_notes(fleet.pool))
            assert await is_copied(fleet.pool, one.hot_copy, session)
        assert one.counted("fills_total") == 0


async def test_what_was_committed_while_redis_was_away_is_published_once_it_is_back(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run(), one.publication.run()):
        await publish(stack, topic, session.began(clock()), session.reported(clock(), "Charging"))
        await eventually(lambda: is_copied(fleet.pool, one.hot_copy, session))
        stack.redis.kill()
        await publish(stack, topic, session.reported(clock(), "Faulted"))
        await eventually(lambda: fleet.is_("FAULTED", session.key))
        stack.redis.start()
        await eventually(lambda: is_copied(fleet.pool, one.hot_copy, session))
        await eventually(lambda: no_notes(fleet.pool))
        await publish(stack, topic, session.reported(clock(), "Available"))
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))
        await eventually(lambda: is_copied(fleet.pool, one.hot_copy, session), within_s=2)


async def delete(pool: Pool, session: Session) -> list[Change]:
    """Deletes the station of the charge point as the API does; returns the tombstones."""
    async with pool.acquire() as connection, connection.transaction():
        station = await connection.fetchval(
            "UPDATE charge_points SET deleted_at = now(), revision = nextval('revisions') WHERE key = $1 "
            "RETURNING station_key",
            session.key,
        )
        await connection.execute("UPDATE stations SET deleted_at = now() WHERE key = $1", station)
        tombstones = await served.changes_of(connection, [], [session.key])
        return tombstones + await road.roll_up(connection, [station], T0)


async def test_no_late_write_overcomes_the_tombstone_of_a_deleted_station(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one:
        late = await write(one, session, "Charging")
        tombstones = await delete(fleet.pool, session)
        assert [change.document for change in tombstones] == [None, None]
        await one.hot_copy.publish(tombstones)
        await one.publication.publish(*late)
        for change in tombstones:
            found = await one.hot_copy.read(change.key)
            assert found is not None
            assert found.document is None
            assert 0 < await one.redis.ttl(change.key) <= 3600
        again = tombstones[0]
        reborn = Change("charge_point", "S", again.charge_point_id, again.revision + 99, '"1.1"', b"{}")
        await one.hot_copy.publish([reborn])
        assert await one.redis.ttl(again.key) == -1, "a new one under an old id stays"


async def test_filling_buries_what_was_deleted_while_redis_was_away(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one:
        stale, _ = await write(one, session, "Charging")
        await delete(fleet.pool, session)
        await one.hot_copy.publish(stale)  # as a Redis would have it that is restored from a snapshot
        await fleet.pool.execute("TRUNCATE unpublished")
        async with running(one.publication.run()):
            await eventually(lambda: one.hot_copy.is_filled())
        found = (await one.hot_copy.read_many([change.key for change in stale])).documents
        assert [copy is not None and copy.document is None for copy in found] == [True, True]


async def test_the_change_stream_is_in_the_order_of_revisions(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    station = await fleet.station()
    sessions = [await fleet.session(f"CP{number}", station_key=station) for number in range(3)]
    words = ["Charging", "Available", "Faulted"] * 5
    async with rollup(stack, database_url, topic, batch_records=4) as one, running(one.consumer.run()):
        for word in words:
            await publish(stack, topic, *(session.reported(clock(), word) for session in sessions))
        for session in sessions:
            await eventually(lambda session=session: is_copied(fleet.pool, one.hot_copy, session))  # type: ignore[misc]
        entries = await one.hot_copy.changes.entries("-", 1000)
    for key in {entry.key for entry in entries}:
        revisions = [entry.revision for entry in entries if entry.key == key]
        assert revisions == sorted(set(revisions))
    assert len({entry.kind for entry in entries}) == 2


async def test_the_stream_is_bounded_in_bytes(redis: Redis) -> None:
    copy = HotCopy(redis, stream_length=1_000_000, stream_bytes=100_000)
    for start in range(0, 10_000, 1_000):
        await copy.publish(
            [Change("charge_point", "S", f"CP{n}", n, f'"1.{n}"', b"{}") for n in range(start + 1, start + 1_001)]
        )
        await copy.trim()
    assert 0 < int(await redis.memory_usage(STREAM) or 0) <= 100_000
    newest = (await copy.changes.entries("-", 10_000))[-1]
    assert newest.revision == 10_000


async def test_a_redis_that_forgot_its_scripts_does_all_that_is_asked_and_once(redis: Redis) -> None:
    copy = HotCopy(redis, stream_length=100)

    async def forgetful(call: Awaitable[T]) -> T:
        await redis.script_flush()
        return await call

    assert not (await forgetful(copy.look())).is_filled
    await copy.set_filled(stream_is_whole=True)
    await forgetful(copy.publish([Change("station", "S", None, 1, '"1.1"', b"{}")]))
    assert await forgetful(copy.mark(await copy.now(), 60))
    found = await forgetful(copy.read_many([hot.station_key("S")]))
    assert found == hot.Copied([hot.Hot('"1.1"', b"{}", None)], None)
    followed = await forgetful(copy.changes.follow("0-0", 10, 1))
    (entry,) = followed.entries
    assert (followed.is_whole, followed.fresh_s > 0, entry.revision) == (True, True, 1)
    assert await forgetful(copy.changes.current([entry])) == {entry.id: b"{}"}
    await forgetful(copy.write())


async def test_a_cancellation_is_never_lost_in_redis(redis: Redis) -> None:
    """Else a rollup would not stop on SIGTERM, now and then: a loop that publishes would go on."""
    copy = HotCopy(redis, stream_length=100)
    change = Change("station", "S", None, 1, '"1.1"', b"{}")
    await copy.publish([change])
    for turns in range(100):
        publishing = asyncio.create_task(copy.publish([change]))
        for _ in range(turns):
            await asyncio.sleep(0)
        if publishing.done():
            break
        publishing.cancel()
        await asyncio.wait([publishing])
        assert publishing.cancelled(), f"lost when cancelled after {turns} turns of the loop"
    assert turns > 1


async def test_what_a_frozen_redis_does_not_answer_is_not_taken_for_postgres(stack: Stack, redis: Redis) -> None:
    """A rollup asks both in the same breath: a plain timeout may be either's."""
    copy = HotCopy(redis, stream_length=100)
    change = Change("station", "S", None, 1, '"1.1"', b"{}")
    stack.redis.pause()
    try:
        calls = [copy.publish([change]), copy.trim(), copy.changes.newest(), copy.look(), copy.now(), copy.read("a")]
        failures = await asyncio.gather(*calls, return_exceptions=True)
    finally:
        stack.redis.resume()
    assert [one for one in failures if not isinstance(one, RedisError)] == []


async def test_a_postgres_that_is_away_is_not_taken_for_redis(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.publication.run()):
        await eventually(lambda: one.hot_copy.is_filled())
        stack.postgres.kill()
        await one.publication.publish([], 1)  # a note to forget, so that it needs Postgres
        await eventually(lambda: "Postgres is away" in caplog.text)
        stack.postgres.start()
        assert "Redis is away" not in caplog.text
        await eventually(lambda: fleet.is_("NEVER", session.key))
        await one.publication.publish(*await write(one, session, "Charging"))
        assert await is_copied(fleet.pool, one.hot_copy, session)
