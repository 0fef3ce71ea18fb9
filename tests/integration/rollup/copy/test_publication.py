"""Redis after commits, outages and losses: in the end what Postgres says, in the order it came about."""

import asyncio
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from ingest.rollup.copy.publication import Publication
from ingest.rollup.fold.batch import batch
from ingest.rollup.fold.fold import Policy
from local.stack import Stack
from shared.stores import fleet as road
from shared.stores import hot, hot_scripts, served
from shared.stores.changes import STREAM
from shared.stores.hot import Change, HotCopy
from shared.stores.postgres import Pool
from tests.events import T0, Session, records
from tests.integration.rollup.parts import Fleet, Rollup, clock, eventually, never, publish, rollup, running

pytestmark = pytest.mark.usefixtures("redis")


async def changes(pool: Pool, session: Session) -> list[Change]:
    """What Postgres says of the charge point and its station."""
    async with pool.acquire() as connection:
        station = await pool.fetchval("SELECT station_key FROM charge_points WHERE key = $1", session.key)
        return await served.changes_of(connection, [station], [session.key])


async def is_copied(pool: Pool, copy: HotCopy, session: Session) -> bool:
    """Whether Redis has the bytes of Postgres, and their entity tags."""
    wanted = await changes(pool, session)
    found = (await copy.read_many([change.key for change in wanted])).documents
    return [one and (one.etag, one.document) for one in found] == [(change.etag, change.document) for change in wanted]


async def write(one: Rollup, session: Session, word: str) -> tuple[list[Change], int | None]:
    """A committed change that is not published."""
    made = batch(records(session.reported(clock(), word)))
    applied = await one.store.apply(made.events.keys(), (), made.alter(Policy()), clock())
    return applied.changes, applied.note


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


async def no_notes(pool: Pool) -> bool:
    return not await pool.fetchval("SELECT count(*) FROM unpublished")


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


async def is_vouched_for(copy: HotCopy) -> bool:
    return await copy.is_filled() and (await copy.read_many([])).lapsed_s is None


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
