"""Flags in Postgres: raised and lowered by a sweep, in the document, the columns, the gauges."""

from collections.abc import Sequence

import pytest

from ingest.rollup.state.flags import Flags
from local.stack import Stack
from shared.words import documents
from shared.words.event import Event
from tests.events import HOUR, MINUTE, Session
from tests.integration.rollup.parts import Fleet, Rollup, clock, eventually, publish, rollup, running

pytestmark = pytest.mark.usefixtures("redis")

CHANGES = 4
STUCK_S = 3600.0
DIALECTS = {
    "ocpp1.6": ("Available", "Faulted"),
    "ocpp2.0.1": ("Available", "Occupied"),
    "ocpp2.1": ("Available", "Unavailable"),
}


def flags(one: Rollup, *, ahead: int = 0, asked_s: float = 3600, every_s: float = 0.1) -> Flags:
    return Flags(
        one.pool, one.store, one.consumer, one.publication, one.metrics, clock=lambda: clock() + ahead,
        changes=CHANGES, stuck_s=STUCK_S, asked_s=asked_s, every_s=every_s,
    )  # fmt: skip


async def raised(fleet: Fleet, session: Session) -> tuple[bool, bool]:
    """(flapping, stuck), the same in document and columns."""
    row = await fleet.pool.fetchrow("SELECT flapping, stuck, document FROM charge_points WHERE key = $1", session.key)
    assert row is not None
    document = documents.charge_point(row["document"])
    assert (row["flapping"], row["stuck"]) == (document.flapping, document.stuck)
    return document.flapping, document.stuck


async def are_applied(fleet: Fleet, session: Session) -> bool:
    row = await fleet.pool.fetchrow("SELECT epoch, sequence FROM charge_points WHERE key = $1", session.key)
    return row is not None and (row["epoch"], row["sequence"]) == (session.epoch, session.sequence)


def words(session: Session, n: int, given: Sequence[str], at: int, place: tuple[int, int] = (1, 1)) -> list[Event]:
    """So many changes after the first word."""
    return [session.reported(at + step, given[step % len(given)], place) for step in range(n + 1)]


@pytest.mark.parametrize("protocol", DIALECTS)
async def test_more_changes_than_that_in_ten_minutes_are_flapping_until_they_are_over(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, protocol: str
) -> None:
    steady, restless = await fleet.session("A"), await fleet.session("B")
    now = clock() - 1000
    for session, n in ((steady, CHANGES), (restless, CHANGES + 1)):
        session.protocol = protocol
        told = words(session, n, DIALECTS[protocol], now)
        last = session.reported(now + 100, told[-1].reported, vendor_error_code="E")  # type: ignore[union-attr]
        await publish(stack, topic, session.began(now), *told, last)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: are_applied(fleet, restless))
        await eventually(lambda: are_applied(fleet, steady))
        before = await fleet.document(restless.key)
        await flags(one).sweep()
        assert await raised(fleet, steady) == (False, False), "another error is no other status"
        assert await raised(fleet, restless) == (True, False)
        document = await fleet.document(restless.key)
        assert document.evses[0].connectors[0].flapping
        assert document.revision > before.revision
        assert (document.status, document.since) == (before.status, before.since)
        await flags(one).sweep()
        assert (await fleet.document(restless.key)).revision == document.revision, "nothing new, nothing written"
        await flags(one, ahead=11 * MINUTE).sweep()
        assert await raised(fleet, restless) == (False, False)


async def test_info_alone_a_backlog_and_what_came_before_are_no_changes(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    talkative, before, edge = [await fleet.session(name) for name in "ABC"]
    now = clock() - 1000
    began = before.began(now - 2 * HOUR)
    backlog = Session(key=before.key, charge_point_id=before.charge_point_id, epoch=2)
    infos = [talkative.reported(now - 9 * MINUTE + n * MINUTE, info=str(n)) for n in range(9)]
    queued = [
        backlog.reported(now, word, says=now - HOUR + n * MINUTE)
        for n, word in enumerate(["Available", "Charging"] * CHANGES)
    ]
    ended = edge.reported(now - HOUR, "Faulted")
    await publish(stack, topic, *infos, began, *queued, ended, *words(edge, CHANGES, DIALECTS["ocpp1.6"], now))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        for session in (talkative, backlog, edge):
            await eventually(lambda session=session: are_applied(fleet, session))  # type: ignore[misc]
        await flags(one).sweep()
        assert await raised(fleet, talkative) == (False, False)
        assert await raised(fleet, backlog) == (False, False)
        assert await raised(fleet, edge) == (True, False), "its first word in these ten minutes was a change, too"


async def test_a_car_that_stays_is_stuck_until_it_leaves(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    stays, charges = await fleet.session("A"), await fleet.session("B")
    long_ago = clock() - 2 * HOUR
    for session, word in ((stays, "Finishing"), (charges, "Charging")):
        await publish(
            stack, topic, session.began(long_ago), session.reported(long_ago, word), session.reported(clock(), word)
        )
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: are_applied(fleet, stays))
        await eventually(lambda: are_applied(fleet, charges))
        async with running(flags(one).run()):

            async def is_stuck(wanted: bool) -> bool:
                return await raised(fleet, stays) == (False, wanted)

            await eventually(lambda: is_stuck(True))
            assert await raised(fleet, charges) == (False, False)
            await publish(stack, topic, stays.reported(clock()))
            await eventually(lambda: is_stuck(False))


@pytest.mark.parametrize("protocol", DIALECTS)
async def test_who_is_asked_and_reports_nothing_is_stuck_until_it_speaks_or_goes(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, protocol: str
) -> None:
    speaks, goes = await fleet.session("A"), await fleet.session("B")
    for session in (speaks, goes):
        session.protocol = protocol
        await publish(stack, topic, session.began(clock()))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: are_applied(fleet, speaks))
        await eventually(lambda: are_applied(fleet, goes))
        await flags(one).sweep()
        assert await raised(fleet, speaks) == (False, False), "it has time to answer"
        for _ in range(2):
            await flags(one, ahead=2 * HOUR).sweep()
            assert await raised(fleet, speaks) == (False, True)
            assert await raised(fleet, goes) == (False, True)
        await publish(stack, topic, speaks.reported(clock(), "Available"), goes.ended(clock(), "silent"))
        await eventually(lambda: are_applied(fleet, speaks))
        await eventually(lambda: are_applied(fleet, goes))
        assert await raised(fleet, speaks) == (False, False), "at once"
        await flags(one).sweep()
        assert await raised(fleet, goes) == (False, False)


async def test_what_moves_keeps_its_flag_and_what_is_deleted_is_left_alone(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session, deleted = await fleet.session("A"), await fleet.session("B")
    for each in (session, deleted):
        await publish(stack, topic, *words(each, CHANGES + 1, DIALECTS["ocpp1.6"], clock() - 1000))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: are_applied(fleet, session))
        await eventually(lambda: are_applied(fleet, deleted))
        await fleet.pool.execute("UPDATE charge_points SET deleted_at = now() WHERE key = $1", deleted.key)
        await fleet.pool.execute(
            "UPDATE charge_points SET station_key = $2 WHERE key = $1", session.key, await fleet.station("T")
        )
        await flags(one).sweep()
        assert await raised(fleet, session) == (True, False)
        assert await raised(fleet, deleted) == (False, False)
