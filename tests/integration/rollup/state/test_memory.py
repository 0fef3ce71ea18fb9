"""What a rollup remembers is what Postgres has, or Postgres says that it is not: it is read then."""

import itertools
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ingest.rollup.fold.batch import batch, digest
from ingest.rollup.fold.budget import Budget, Costly
from ingest.rollup.fold.fold import Policy
from ingest.rollup.metrics import Metrics
from ingest.rollup.state import statements
from ingest.rollup.state.store import Applied, Fenced, Move, Store
from shared.stores import fleet as road
from shared.stores import postgres
from shared.stores.postgres import Pool
from shared.words.event import Event
from tests.events import HOUR, SECOND, T0, Session, records
from tests.integration.rollup.parts import Fleet
from tests.integration.rollup.state.applying import POLICY, a_store, apply, seen_right

WORDS = ("Available", "Charging", "Faulted", "Preparing", "Unavailable")


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_remembered_is_what_would_be_read(store: Store, fleet: Fleet, topic: str, seed: int) -> None:
    chance, other = Random(seed), a_store(fleet.pool, topic)
    station = await fleet.station()
    sessions = [await fleet.session(f"CP{n}", station_key=station) for n in range(3)]
    await fleet.pool.execute("UPDATE charge_points SET station_key = NULL WHERE key = $1", sessions[0].key)
    now, seen = T0, 0
    for _ in range(60):
        now += SECOND * chance.randrange(1, 90)
        session = chance.choice(sessions)
        await apply(other if not chance.randrange(7) else store, something(chance, session, now))
        if not chance.randrange(8):
            await meddle(fleet, chance, session.key, station)
        seen += await seen_right(store, fleet.pool)
    assert seen > 60


def something(chance: Random, session: Session, now: int) -> Event:
    place = (chance.randrange(3), chance.randrange(3))
    match chance.randrange(14):
        case 0:
            session.epoch, session.sequence = session.epoch + 1, -1
            return session.began(now)
        case 1:
            return session.ended(now)
        case 2:
            return session.booted(now, serial=chance.choice("12"))
        case 3:
            return session.answered(now, "Accepted", place)
    return session.reported(now, chance.choice(WORDS), place if place[0] else (0, 0), info=chance.choice("ab"))


async def meddle(fleet: Fleet, chance: Random, key: int, station: int) -> None:
    """As the API and gateways do."""
    await fleet.pool.execute(
        *chance.choice(
            (
                ("UPDATE charge_points SET registration = 'PENDING', version = version + 1 WHERE key = $1", key),
                ("UPDATE stations SET name = name || 'x' WHERE key = $1", station),
                ("UPDATE reports SET forgotten = true WHERE charge_point_key = $1 AND connector_id = 1", key),
                ("UPDATE charge_points SET password_hash = 'h' WHERE key = $1", key),
            )
        )
    )


async def reports(store: Store, session: Session, reported: str, *, remembered: bool) -> Applied:
    """Has the charger say so, and sees whether its rows were read or remembered."""
    queries: list[str] = []
    async with store._pool.acquire() as connection:  # it is the only one
        connection.add_query_logger(log := lambda record: queries.append(record.query))
    applied = await apply(store, session.reported(T0 + session.sequence * SECOND, reported))
    async with store._pool.acquire() as connection:
        connection.remove_query_logger(log)
    assert (statements.TAKE not in queries) == remembered
    return applied


Change = Callable[[Fleet, Session], Awaitable[Any]]


async def _is_renamed(fleet: Fleet, session: Session) -> None:
    await fleet.pool.execute("UPDATE stations SET name = 'renamed'")


async def _is_refused(fleet: Fleet, session: Session) -> None:
    await fleet.pool.execute("UPDATE charge_points SET registration = 'REJECTED' WHERE key = $1", session.key)


async def _moves(fleet: Fleet, session: Session) -> None:
    key = await fleet.station("elsewhere")
    await fleet.pool.execute("UPDATE charge_points SET station_key = $2 WHERE key = $1", session.key, key)


async def _is_deleted(fleet: Fleet, session: Session) -> None:
    await fleet.pool.execute("UPDATE charge_points SET deleted_at = now() WHERE key = $1", session.key)


async def _loses_a_place(fleet: Fleet, session: Session) -> None:
    await fleet.pool.execute("UPDATE reports SET forgotten = true WHERE charge_point_key = $1", session.key)


async def _loses_its_gateway(fleet: Fleet, session: Session) -> None:
    await fleet.pool.execute(
        "INSERT INTO gateways (id, expires_at) VALUES ($1, now() - interval '1 h')", session.gateway
    )


@pytest.mark.parametrize("change", [_is_renamed, _is_refused, _moves, _is_deleted, _loses_a_place, _loses_its_gateway])
async def test_what_somebody_else_changed_is_read(database_url: str, topic: str, fleet: Fleet, change: Change) -> None:
    session = await fleet.session()
    session.gateway = f"gw-{fleet.token}"
    async with postgres.pool(database_url, size=1, name="remembering") as pool:
        store = a_store(pool, topic)
        await apply(store, session.began(T0), session.reported(T0))
        await reports(store, session, "Charging", remembered=True)
        await change(fleet, session)
        applied = await reports(store, session, "Available", remembered=False)
    fresh = a_store(fleet.pool, f"{topic}-again")
    session.sequence -= 1
    again = await apply(fresh, session.reported(T0 + session.sequence * SECOND, "Available"))
    assert (again.folded.duplicates > 0) == bool(applied.changes)
    await fleet.pool.execute("DELETE FROM gateways")


async def test_batches_are_counted_by_what_was_known_of_their_rows(pool: Pool, topic: str, fleet: Fleet) -> None:
    registry, session = CollectorRegistry(), await fleet.session()
    store = Store(pool, topic=topic, metrics=Metrics(registry))

    def counted() -> list[float | None]:
        name = "plugwatch_rollup_batches_total"
        return [registry.get_sample_value(name, {"rows": one}) for one in ("read", "remembered", "outdated")]

    assert counted() == [0, 0, 0]
    await apply(store, session.began(T0))
    assert counted() == [1, 0, 0]
    await apply(store, session.reported(T0 + SECOND))
    assert counted() == [1, 1, 0]
    await _is_renamed(fleet, session)
    await apply(store, session.reported(T0 + 2 * SECOND, "Charging"))
    assert counted() == [2, 1, 1]


async def test_a_batch_that_is_remembered_wrongly_leaves_nothing(store: Store, fleet: Fleet, topic: str) -> None:
    session, other = await fleet.session(), a_store(fleet.pool, topic)
    await apply(store, session.began(T0), session.reported(T0))
    stored = (await store.positions([0]))[0].next
    made = batch(records(session.reported(T0 + SECOND, "Charging"), offset=stored))
    moves = [Move(0, stored, stored + 1, digest(made.last[0]))]
    await other.apply(made.events.keys(), moves, made.alter(POLICY), T0)
    before = await fleet.history(session.key)
    with pytest.raises(Fenced):
        await store.apply(made.events.keys(), moves, made.alter(POLICY), T0)
    assert await fleet.history(session.key) == before


async def test_a_trial_writes_nothing_and_is_not_remembered(store: Store, fleet: Fleet) -> None:
    session = await fleet.session()
    await apply(store, session.began(T0))
    made = batch(records(session.reported(T0, "Charging")))
    applied = await store.apply(made.events.keys(), (), made.alter(POLICY), T0, is_trial=True)
    assert applied.changed == [session.key]
    assert await fleet.history(session.key) == ["ONLINE"]
    assert await seen_right(store, fleet.pool) == 2, "as before: the charge point and its station"


async def test_nothing_is_remembered_once_a_position_was_moved(database_url: str, topic: str, fleet: Fleet) -> None:
    session, other = await fleet.session("A"), await fleet.session("B")
    async with postgres.pool(database_url, size=1, name="remembering") as pool:
        store = a_store(pool, topic)
        for one in (session, other):
            await apply(store, one.began(T0), one.reported(T0))
        await reports(store, other, "Charging", remembered=True)
        moved = batch(records(session.reported(T0 + SECOND)))
        with pytest.raises(Fenced):
            await store.apply(moved.events.keys(), [Move(0, 0, 1, "digest")], moved.alter(POLICY), T0)
        await reports(store, other, "Available", remembered=False)


async def test_a_sibling_that_was_written_after_a_move_refuses_nothing(store: Store, fleet: Fleet) -> None:
    old, new = [await fleet.station(name) for name in "ON"]
    mover, sibling = [await fleet.session(name, station_key=old) for name in "MS"]
    for one in (mover, sibling, mover):
        await apply(store, one.reported(T0 + SECOND))
    async with fleet.pool.acquire() as connection, connection.transaction():
        await road.lock_stations(connection, [old, new])
        await connection.execute("UPDATE charge_points SET station_key = $2 WHERE key = $1", mover.key, new)
        await road.roll_up(connection, [old, new], T0)
    await apply(store, sibling.reported(T0 + 2 * SECOND, "Charging"))
    assert store._memory.take([mover.key]) is None, "its station is remembered without it"
    await apply(store, mover.reported(T0 + 3 * SECOND, "Charging"))
    assert await fleet.is_("OCCUPIED", mover.key)


async def test_a_record_that_only_what_is_remembered_refuses_is_applied(store: Store, fleet: Fleet, topic: str) -> None:
    """A bug of ours fails on a closed socket: on what is remembered, not on what another rollup has written since."""
    bug = Policy(close_grace_ms="a minute")  # type: ignore[arg-type]
    first = await fleet.session()
    second, third = [Session(epoch, key=first.key, charge_point_id=first.charge_point_id) for epoch in (2, 3)]
    await apply(store, first.began(T0), first.ended(T0 + SECOND))
    await apply(a_store(fleet.pool, topic), second.began(T0 + 2 * SECOND))
    applied = await apply(store, third.began(T0 + 3 * SECOND), policy=bug)
    assert applied.changed == [first.key]


async def test_what_is_remembered_and_too_costly_spends_its_budget_once(store: Store, fleet: Fleet) -> None:
    looks = itertools.count()  # at a clock: each event takes 0.6 s of a second
    sessions = [await fleet.session(f"CP{n}") for n in range(2)]
    await apply(store, *(one.began(T0) for one in sessions))
    made = batch(records(*(one.reported(T0 + SECOND) for one in sessions)))
    budget = Budget(lambda: 0.6 * next(looks), most_s=1)
    with pytest.raises(Costly):
        await store.apply(made.events.keys(), (), made.alter(POLICY, budget), T0, budget=budget)
    assert next(looks) == 4, "it was made, began, and looked at twice"


async def test_a_revision_that_was_taken_ahead_is_not_used_where_a_later_one_was_written(
    store: Store, fleet: Fleet
) -> None:
    one, other = await fleet.session("A"), await fleet.session("B")
    for word in ("Available", "Charging"):  # the second takes some ahead
        await apply(store, one.reported(T0, word))
    read = await apply(store, other.reported(T0))
    remembered = await apply(store, other.reported(T0 + SECOND, "Charging"))
    assert min(change.revision for change in remembered.changes) > max(change.revision for change in read.changes)


async def test_a_batch_with_more_than_most_bring_is_remembered_too(store: Store, fleet: Fleet) -> None:
    session = await fleet.session()
    await apply(store, session.began(T0), session.reported(T0), session.reported(T0 + SECOND, "Charging", (1, 2)))
    late = Session(session.epoch, session.gateway, session.key, session.charge_point_id, sequence=session.sequence)
    skipped = late.reported(T0 + 2 * SECOND, "Faulted")
    session.sequence += 1
    await apply(store, session.reported(T0 + 3 * SECOND, "Available"))
    await apply(store, session.reported(T0 + HOUR, "Charging"), skipped)
    assert await fleet.history(session.key, "STATUS") == ["Available", "Charging", "Faulted", "Charging"]
    assert await seen_right(store, fleet.pool)
