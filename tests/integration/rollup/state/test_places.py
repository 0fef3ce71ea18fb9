"""Places that are no longer there: not reported by other hardware, or forgotten by an operator."""

import pytest

from ingest.rollup.fold.fold import Policy
from ingest.rollup.state.places import Places
from local.stack import Stack
from tests.events import Session
from tests.integration.rollup.parts import Fleet, Rollup, clock, eventually, never, publish, rollup, running

pytestmark = pytest.mark.usefixtures("redis")


def places(one: Rollup, *, unreported_s: float = 0.5, kept_s: float = 3600) -> Places:
    return Places(
        one.pool, one.store, one.consumer, one.publication, one.metrics, policy=Policy(), clock=clock,
        unreported_s=unreported_s, kept_s=kept_s,
    )  # fmt: skip


async def swapped(stack: Stack, topic: str, fleet: Fleet) -> Session:
    """The newer one of two; it has reported one place of two."""
    former = await fleet.session()
    newer = Session(epoch=2, key=former.key, charge_point_id=former.charge_point_id)
    now = clock()
    await publish(
        stack, topic, former.began(now), former.booted(now, serial="A"),
        *(former.reported(now, place=(evse, 1)) for evse in (1, 2)),
        newer.began(now), newer.booted(now, serial="B"), newer.reported(now),
    )  # fmt: skip
    return newer


async def reasons(fleet: Fleet, session: Session) -> list[str]:
    return [evse.connectors[0].reason for evse in (await fleet.document(session.key)).evses]


async def test_what_other_hardware_does_not_report_counts_as_not_reported_and_goes_later(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    newer = await swapped(stack, topic, fleet)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):

        async def shows(*wanted: str) -> bool:
            return await reasons(fleet, newer) == list(wanted)

        await eventually(lambda: shows("OWN", "OWN"))
        async with running(places(one, unreported_s=3600).run()):
            await never(lambda: shows("OWN", "NOT_REPORTED"), for_s=1)
        async with running(places(one).run()):
            await eventually(lambda: shows("OWN", "NOT_REPORTED"))
            assert (await fleet.document(newer.key)).counts == {"AVAILABLE": 1, "UNKNOWN": 1}
        async with running(places(one, kept_s=0.1).run()):
            await eventually(lambda: shows("OWN"))
    assert await fleet.pool.fetchval("SELECT count(*) FROM reports") == 1
    station = await fleet.pool.fetchrow("SELECT counts FROM stations")
    assert station is not None
    assert station["counts"] == {"AVAILABLE": 1}


async def test_a_place_that_is_marked_goes_and_comes_back_with_its_next_word(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    given = [session.reported(clock(), place=(evse, 1)) for evse in (1, 2)]
    await publish(stack, topic, *given)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):

        async def has(*evse_ids: int) -> bool:
            return [evse.id for evse in (await fleet.document(session.key)).evses] == list(evse_ids)

        await eventually(lambda: has(1, 2))
        await fleet.pool.execute("UPDATE reports SET forgotten = true WHERE evse_id = 2")
        async with running(places(one).run()):
            await eventually(lambda: has(1))
        await publish(stack, topic, session.reported(clock(), place=(2, 1)))
        await eventually(lambda: has(1, 2))
        assert not await fleet.pool.fetchval("SELECT bool_or(forgotten) FROM reports")
