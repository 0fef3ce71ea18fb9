"""One transaction a batch: all of it once, under the locks of every writer, and what comes of it."""

import asyncio

import asyncpg
import pytest

from ingest.rollup.fold.batch import batch, digest
from ingest.rollup.state.store import Applied, Fenced, Store
from shared.stores import fleet as road
from shared.stores import served
from shared.stores.postgres import Pool
from tests.events import SECOND, T0, Session, records
from tests.integration.rollup.parts import Fleet, eventually
from tests.integration.rollup.state.applying import POLICY, a_store, apply, moves

# exactly once


async def test_a_batch_is_applied_once_however_often_it_is_tried(store: Store, fleet: Fleet) -> None:
    session = await fleet.session()
    made = batch(records(session.began(T0), session.reported(T0 + SECOND, "Charging")))
    await store.positions([0])
    await store.apply(made.events.keys(), moves(made, {0: 0}), made.alter(POLICY), T0)
    before = await everything(fleet.pool)
    with pytest.raises(Fenced):
        await store.apply(made.events.keys(), moves(made, {0: 0}), made.alter(POLICY), T0 + 1)
    assert await everything(fleet.pool) == before
    assert (await store.positions([0]))[0] == (2, digest(made.last[0]))


async def everything(pool: Pool) -> list[list[asyncpg.Record]]:
    tables = ("stations", "charge_points", "reports", "history", "log_positions", "unpublished")
    return [await pool.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


async def test_one_partition_that_somebody_else_moved_refuses_the_whole_batch(store: Store, fleet: Fleet) -> None:
    one, other = await fleet.session("CP1"), await fleet.session("CP2")
    await store.positions([0, 1])
    await apply(store, other.began(T0), partition=1)
    made = batch([*records(one.began(T0), partition=0), *records(other.reported(T0), partition=1)])
    with pytest.raises(Fenced):
        await store.apply(made.events.keys(), moves(made, {0: 0, 1: 0}), made.alter(POLICY), T0)
    assert await fleet.history(one.key) == []
    assert (await store.positions([0]))[0].next == 0


async def test_a_batch_of_poison_only_moves_the_position(store: Store) -> None:
    made = batch(records(b"no event"))
    await store.positions([0])
    applied = await store.apply(made.events.keys(), moves(made, {0: 0}), made.alter(POLICY), T0)
    assert (applied.changes, applied.note) == ([], None)
    assert (await store.positions([0]))[0].next == 1


async def test_each_topic_has_positions_of_its_own(store: Store, pool: Pool, fleet: Fleet) -> None:
    session = await fleet.session()
    await apply(store, session.began(T0))
    assert (await a_store(pool, "another").positions([0]))[0] == (0, None)


# the inventory moves meanwhile


async def test_a_charge_point_that_moves_while_a_batch_waits_counts_at_its_new_station(
    store: Store, fleet: Fleet
) -> None:
    """And the new station is locked first: what another writer does there meanwhile is not lost."""
    old, new = await fleet.station("OLD"), await fleet.station("NEW")
    session = await fleet.session(station_key=old)
    neighbour = await fleet.charge_point(new, "NEIGHBOUR")
    async with fleet.pool.acquire() as mover, fleet.pool.acquire() as writer:
        moving, writing = mover.transaction(), writer.transaction()
        await moving.start()
        await writing.start()
        await road.lock_stations(mover, [old])
        await road.lock_stations(writer, [new])
        applying = asyncio.create_task(apply(store, session.began(T0), session.reported(T0)))
        await eventually(lambda: waits_for_a_lock(fleet.pool))
        await mover.execute("UPDATE charge_points SET station_key = $1 WHERE key = $2", new, session.key)
        await moving.commit()
        await eventually(lambda: waits_for_a_lock(fleet.pool))
        occupied = "UPDATE charge_points SET status = 'OCCUPIED', evse_counts = $2 WHERE key = $1"
        await writer.execute(occupied, neighbour, {"OCCUPIED": 1})
        await writing.commit()
    applied = await applying
    row = await fleet.pool.fetchrow("SELECT status, counts FROM stations WHERE key = $1", new)
    assert row is not None
    assert (row["status"], row["counts"]) == ("AVAILABLE", {"AVAILABLE": 1, "OCCUPIED": 1})
    assert await fleet.pool.fetchval("SELECT status FROM stations WHERE key = $1", old) == "UNKNOWN"
    assert (await fleet.document(session.key)).station_id == f"NEW-{fleet.token}"
    assert [change.station_id for change in applied.changes] == [f"NEW-{fleet.token}"] * 2


async def waits_for_a_lock(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


async def test_a_charge_point_that_is_deleted_while_a_batch_waits_is_passed_over(store: Store, fleet: Fleet) -> None:
    gone, stays = await fleet.session("GONE"), await fleet.session("STAYS")
    async with fleet.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("UPDATE charge_points SET deleted_at = now() WHERE key = $1", gone.key)
        applying = asyncio.create_task(apply(store, gone.began(T0), stays.began(T0), gone.reported(T0)))
        await eventually(lambda: waits_for_a_lock(fleet.pool))
        await transaction.commit()
    applied = await applying
    assert set(applied.found) == {stays.key}
    assert await fleet.history(gone.key) == []
    assert await fleet.history(stays.key) == ["ONLINE"]


async def test_what_a_deleted_charge_point_had_reported_hinders_nobody(store: Store, fleet: Fleet) -> None:
    gone, stays = await fleet.session("GONE"), await fleet.session("STAYS")
    await apply(store, gone.began(T0), gone.reported(T0, "Charging"))
    await fleet.pool.execute("INSERT INTO intents VALUES ($1, 1, 1, DEFAULT, false)", gone.key)
    await fleet.pool.execute("UPDATE charge_points SET deleted_at = now() WHERE key = $1", gone.key)
    applied = await apply(store, gone.ended(T0 + SECOND), stays.began(T0), stays.reported(T0))
    assert set(applied.found) == {stays.key}
    assert await fleet.history(gone.key) == ["ONLINE", "Charging"]


async def test_a_charge_point_without_a_station_has_state_and_no_station_document(store: Store, fleet: Fleet) -> None:
    session = Session(key=await fleet.charge_point(None), charge_point_id=f"CP-{fleet.token}")
    applied = await apply(store, session.began(T0), session.reported(T0))
    assert [change.kind for change in applied.changes] == ["charge_point"]
    assert (await fleet.document(session.key)).status == "AVAILABLE"


# what comes of it


async def test_a_station_is_rolled_up_over_all_its_charge_points(store: Store, fleet: Fleet) -> None:
    station = await fleet.station()
    one, other = [await fleet.session(name, station_key=station) for name in ("A", "B")]
    await apply(store, one.began(T0), one.reported(T0, "Charging"), one.reported(T0, "Faulted", (2, 1)))
    applied = await apply(store, other.began(T0), other.reported(T0, "Available"))
    row = await fleet.pool.fetchrow("SELECT * FROM stations WHERE key = $1", station)
    assert row is not None
    assert (row["status"], row["health"], row["partially_available"]) == ("AVAILABLE", "DEGRADED", True)
    assert row["counts"] == {"AVAILABLE": 1, "OCCUPIED": 1, "FAULTED": 1}
    assert [change.kind for change in applied.changes] == ["charge_point", "station"]


async def test_what_is_published_is_what_postgres_says(store: Store, fleet: Fleet) -> None:
    session = await fleet.session()
    applied = await apply(store, session.began(T0), session.booted(T0), session.reported(T0, "Charging"))
    station = await fleet.pool.fetchval("SELECT station_key FROM charge_points WHERE key = $1", session.key)
    async with fleet.pool.acquire() as connection:
        assert await served.changes_of(connection, [station], [session.key]) == applied.changes
    note = await fleet.pool.fetchrow("SELECT * FROM unpublished")
    assert note is not None
    assert (note["id"], note["station_keys"], note["charge_point_keys"]) == (applied.note, [station], [session.key])


async def test_what_changes_nothing_writes_nothing(store: Store, fleet: Fleet) -> None:
    session = await fleet.session()
    event = session.began(T0)
    await apply(store, event)
    before = await fleet.pool.fetch("SELECT revision FROM charge_points UNION ALL SELECT revision FROM stations")
    applied = await apply(store, event)
    assert (applied.changes, applied.note, applied.folded.duplicates) == ([], None, 1)
    assert before == await fleet.pool.fetch(
        "SELECT revision FROM charge_points UNION ALL SELECT revision FROM stations"
    )


async def test_writers_of_one_station_take_revisions_in_the_order_of_their_commits(
    store: Store, pool: Pool, fleet: Fleet
) -> None:
    station = await fleet.station()
    sessions = [await fleet.session(f"CP{number}", station_key=station) for number in range(4)]
    committed: list[Applied] = []

    async def write(number: int, session: Session) -> None:
        await store.positions([number])
        for n in range(10):
            reported = session.reported(T0 + n, "Charging" if n % 2 else "Available")
            committed.append(await apply(store, reported, partition=number))

    async with asyncio.TaskGroup() as group:
        for number, session in enumerate(sessions):
            group.create_task(write(number, session))

    revisions = [change.revision for applied in committed for change in applied.changes]
    assert len(set(revisions)) == len(revisions) == 80
    newest = max((applied.changes[-1] for applied in committed), key=lambda change: change.revision)
    async with pool.acquire() as connection:
        (now,) = await served.changes_of(connection, [station], [])
    assert newest == now, "the highest revision is the last state of all four"
