"""Who remembers is not alone: rollups beside it, tasks in it, and a Postgres that goes away meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from ingest.rollup.fold.batch import batch
from ingest.rollup.state.store import Applied, Fenced, Move, Store
from shared.stores import postgres
from tests.events import SECOND, T0, Session, records
from tests.integration.rollup.parts import Fleet, eventually
from tests.integration.rollup.state.applying import POLICY, a_store, apply

WORDS = ("Available", "Charging", "Faulted")
WAITS = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.mark.parametrize("each", [1, 2])
async def test_rollups_that_write_one_station_in_turn_see_each_other(fleet: Fleet, topic: str, each: int) -> None:
    station = await fleet.station()
    sessions = [await fleet.session(f"CP{n}", station_key=station) for n in range(2)]
    stores = [a_store(fleet.pool, topic) for _ in sessions]
    revisions: list[int] = []
    for turn in range(12):
        for partition, (session, store) in enumerate(zip(sessions, stores, strict=True)):
            for n in range(turn * each, (turn + 1) * each):
                applied = await apply(store, session.reported(T0 + n * SECOND, WORDS[n % 2]), partition=partition)
                revisions += [applied.changes[-1].revision]
    assert revisions == sorted(revisions)
    shown = await fleet.pool.fetchval("SELECT counts::text FROM stations WHERE key = $1", station)
    assert shown == '{"OCCUPIED": 2}'
    is_remembered = stores[1]._memory.take([sessions[1].key]) is not None
    assert is_remembered == (each > 1), "it is read where another writes it every time, too"


async def test_a_charge_point_that_two_tasks_want_at_once_is_remembered_for_one(
    database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    async with postgres.pool(database_url, size=1, name="remembering") as pool:
        store = a_store(pool, topic)
        await apply(store, session.began(T0), session.reported(T0))
        made = batch(records(session.reported(T0 + SECOND, "Charging")))
        async with asyncio.TaskGroup() as group, pool.acquire():
            group.create_task(store.apply([session.key], (), lambda found, _: list(found), T0))
            group.create_task(store.apply(made.events.keys(), (), made.alter(POLICY), T0))
            for _ in range(10):  # each does what it can without a connection
                await asyncio.sleep(0)
    assert await fleet.history(session.key, "STATUS") == ["Available", "Charging"]


@contextlib.asynccontextmanager
async def waiting(store: Store, fleet: Fleet, session: Session) -> AsyncIterator[asyncio.Task[Applied]]:
    """The next batch of the session waits for the lock of its charge point as long as the block lasts."""
    async with fleet.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM charge_points WHERE key = $1 FOR UPDATE", session.key)
        applying = asyncio.create_task(apply(store, session.reported(T0 + SECOND, "Charging")))
        await eventually(lambda: fleet.pool.fetchval(f"SELECT true {WAITS} LIMIT 1"))
        yield applying


async def test_nothing_is_remembered_once_postgres_was_away(store: Store, fleet: Fleet) -> None:
    session, other = await fleet.session("A"), await fleet.session("B")
    await apply(store, session.began(T0), other.began(T0))
    async with waiting(store, fleet, session) as applying:
        await fleet.pool.execute(f"SELECT pg_terminate_backend(pid) {WAITS}")
        with pytest.raises(postgres.AWAY):
            await applying
    assert store._memory.take([other.key]) is None


async def test_what_began_before_all_was_forgotten_is_not_kept(store: Store, fleet: Fleet) -> None:
    session = await fleet.session()
    await apply(store, session.began(T0))
    async with waiting(store, fleet, session) as applying:
        with pytest.raises(Fenced):
            await store.apply((), [Move(7, 0, 1, "digest")], lambda *_: (), T0)
    assert (await applying).changed == [session.key]
    assert store._memory.take([session.key]) is None
