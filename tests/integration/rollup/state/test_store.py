"""One transaction a batch: all of it once, under the locks of every writer, in as many statements whatever its size."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from ingest.rollup.fold.batch import Batch, batch, digest
from ingest.rollup.fold.fold import Policy
from ingest.rollup.metrics import Metrics
from ingest.rollup.state.store import Applied, Fenced, Move, Store
from shared.stores import fleet as road
from shared.stores import postgres, served
from shared.stores.postgres import Pool
from shared.words.event import Event
from tests.events import MINUTE, SECOND, T0, Session, records
from tests.integration.rollup.parts import Fleet, eventually

POLICY = Policy()


@pytest.fixture
def store(pool: Pool, topic: str) -> Store:
    return Store(pool, topic=topic, metrics=Metrics(CollectorRegistry()))


async def apply(store: Store, *events: Event, partition: int = 0) -> Applied:
    """Applies the events as the next batch of the partition."""
    stored = (await store.positions([partition]))[partition].next
    made = batch(records(*events, partition=partition, offset=stored))
    return await store.apply(made.events.keys(), moves(made, {partition: stored}), made.alter(POLICY), T0)


def moves(made: Batch, stored: dict[int, int]) -> Sequence[Move]:
    return [Move(number, stored[number], last.offset + 1, digest(last)) for number, last in made.last.items()]


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
    assert (await Store(pool, topic="another", metrics=Metrics(CollectorRegistry())).positions([0]))[0] == (0, None)


# history


async def test_a_log_that_is_read_again_doubles_no_history(store: Store, fleet: Fleet) -> None:
    first, second = await fleet.session(epoch=1), Session(epoch=2)
    second.key, second.charge_point_id = first.key, first.charge_point_id
    events: list[Event] = [
        first.began(T0),
        first.reported(T0, "Charging"),
        first.reported(T0 + 1, "Charging"),
        first.reported(T0 + 2, "Faulted", (0, 0)),
        second.began(T0 + SECOND),
        second.reported(T0 + SECOND, "Available"),
        first.reported(T0 + 2 * SECOND, "Faulted"),
        first.reported(T0 + 3 * SECOND, "Faulted"),
        second.ended(T0 + MINUTE, "silent"),
    ]
    await apply(store, *events)
    before = await fleet.pool.fetch("SELECT * FROM history ORDER BY id")
    document = await fleet.document(first.key)
    await apply(store, *events)
    for event in events:
        await apply(store, event)
    assert await fleet.pool.fetch("SELECT * FROM history ORDER BY id") == before
    assert await fleet.document(first.key) == document


async def test_a_late_line_is_flagged_and_left_out_when_it_says_what_was_known(store: Store, fleet: Fleet) -> None:
    old, new = await fleet.session(epoch=1), Session(epoch=2)
    new.key, new.charge_point_id = old.key, old.charge_point_id
    await apply(store, old.began(T0), old.reported(T0, "Charging"), new.began(T0), new.reported(T0, "Available"))
    applied = await apply(store, old.reported(T0 + 1, "Charging"))
    assert applied.changes == []
    await apply(store, old.reported(T0 + 2, "Finishing"))
    rows = await fleet.pool.fetch("SELECT reported, flags FROM history WHERE kind = 'STATUS' ORDER BY epoch, sequence")
    assert [(row["reported"], row["flags"]) for row in rows] == [
        ("Charging", []),
        ("Finishing", ["late"]),
        ("Available", []),
    ]
    assert (await fleet.document(old.key)).status == "AVAILABLE"


async def test_history_has_all_that_was_said_and_when(store: Store, fleet: Fleet) -> None:
    session = await fleet.session()
    await apply(
        store,
        session.reported(
            T0, "Faulted", (2, 1), says=0, says_text="1970", error_code="OtherError", vendor_error_code="E", info="hot"
        ),
    )
    row = await fleet.pool.fetchrow("SELECT * FROM history WHERE kind = 'STATUS'")
    assert row is not None
    assert (row["evse_id"], row["connector_id"], row["reported"], row["normalized"]) == (2, 1, "Faulted", "FAULTED")
    assert (row["error_code"], row["vendor_error_code"], row["info"]) == ("OtherError", "E", "hot")
    assert (row["reported_at"].year, row["reported_at_text"], row["flags"]) == (1970, "1970", ["clock_suspect"])
    assert row["event_time"] == row["received_at"]


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


async def test_plans_are_made_again_when_the_tables_have_grown(database_url: str, topic: str, fleet: Fleet) -> None:
    session = await fleet.session()
    planned_for = "SELECT current_setting('plugwatch.planned_for')::bigint"
    async with postgres.pool(database_url, size=1, name="planned") as pool:
        store = Store(pool, topic=topic, metrics=Metrics(CollectorRegistry()))
        await apply(store, session.began(T0))
        before = await pool.fetchval(planned_for)
        await fleet.pool.execute(
            "INSERT INTO charge_points (id, document) SELECT 'G-' || n, repeat('x', 500) FROM generate_series(1, 200) n"
        )
        await apply(store, session.reported(T0 + SECOND))
        grown = await pool.fetchval(planned_for)
        await apply(store, session.reported(T0 + 2 * SECOND, "Charging"))
        assert before < grown == await pool.fetchval(planned_for)


async def test_a_batch_of_500_takes_as_many_statements_as_one_of_1(database_url: str, topic: str, fleet: Fleet) -> None:
    stations = [await fleet.station(f"S{number}") for number in range(10)]
    few = [await fleet.session("FEW", station_key=stations[0])]
    many = [await fleet.session(f"CP{number}", station_key=stations[number % 10]) for number in range(50)]
    statements: list[str] = []
    async with postgres.pool(database_url, size=1, name="counted") as pool:
        store = Store(pool, topic=topic, metrics=Metrics(CollectorRegistry()))
        async with pool.acquire() as connection:
            connection.add_query_logger(lambda record: statements.append(record.query))
        counts: list[int] = []
        for sessions, each in ((few, 1), (few, 1), (many, 10), (many, 10), (few, 1)):  # asyncpg learns types first
            events = [
                one.reported(T0 + n, "Charging" if (n + len(counts)) % 2 else "Available")
                for one in sessions
                for n in range(each)
            ]
            await store.positions([0])
            statements.clear()
            await apply(store, *events)
            counts.append(len(statements) - 2)  # two ask for the position
    assert counts[2] == 5, "read"
    assert counts[3] == 2, "remembered, and so many revisions were not at hand"
    assert counts[4] == 1, "remembered"
    assert len(await fleet.history(many[-1].key, "STATUS")) == 19  # the second ten begin with the word before


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


async def test_an_event_that_speaks_of_several_places_makes_a_line_for_each_and_once(
    store: Store, fleet: Fleet
) -> None:
    session = await fleet.session()
    blank = await fleet.pool.fetchval("SELECT document FROM charge_points WHERE key = $1", session.key)
    events: list[Event] = [
        session.began(T0),
        *(session.reported(T0, "Faulted", place) for place in ((1, 1), (1, 2))),
        session.reported(T0 + SECOND, "Available", (1, 0)),
        session.inventoried(T0 + SECOND, 1, first_sequence=3),
    ]
    lines = ["ONLINE", "Faulted", "Faulted", "Available", "Available", "Available"]
    await apply(store, *events)
    assert await fleet.history(session.key) == lines
    await fleet.pool.execute(
        "UPDATE charge_points SET epoch = 0, sequence = -1, connectivity = 'NEVER', document = $1", blank
    )
    await fleet.pool.execute("DELETE FROM reports")
    await apply(store, *events)
    assert await fleet.history(session.key) == lines, "a log that is read again doubles no history"


async def test_when_info_last_made_a_line_is_stored(store: Store, fleet: Fleet) -> None:
    session = await fleet.session()
    for later, info in enumerate("abc"):
        await apply(store, session.reported(T0 + later * SECOND, info=info))
    await apply(store, session.reported(T0 + SECOND + MINUTE, info="d"))
    found = await fleet.pool.fetch("SELECT info FROM history WHERE kind = 'STATUS' ORDER BY sequence")
    assert [row["info"] for row in found] == ["a", "b", "d"]
