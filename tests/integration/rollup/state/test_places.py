"""Places that are no longer there: not reported by other hardware, or forgotten by an operator."""

import pytest

from ingest.gateway import server
from ingest.gateway.commands import missing_statuses
from ingest.rollup.fold.fold import Policy
from ingest.rollup.state import places as places_of
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


@pytest.mark.parametrize("registration", ["REJECTED", "PENDING"])
async def test_who_is_refused_while_its_socket_is_gone_is_not_available(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, registration: str
) -> None:
    """It may come back within the grace; no gateway holds it meanwhile that would announce it again."""
    session, kept = await fleet.session("A"), await fleet.session("B")
    for each in (session, kept):
        await publish(stack, topic, each.began(clock()), each.reported(clock()), each.ended(clock()))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        for each in (session, kept):
            await eventually(lambda each=each: fleet.is_("AVAILABLE", each.key))  # type: ignore[misc]
        await fleet.pool.execute("UPDATE charge_points SET registration = $2 WHERE key = $1", session.key, registration)
        async with running(places(one).run()):
            await eventually(lambda: fleet.is_("UNKNOWN", session.key))
            assert await reasons(fleet, session) == ["REGISTRATION"]
            assert (await fleet.document(session.key)).connectivity == "ONLINE"
            assert await fleet.is_("AVAILABLE", kept.key)
            revision = (await fleet.document(session.key)).revision
            await never(lambda: is_newer(fleet, session, revision), for_s=1.5)


async def is_newer(fleet: Fleet, session: Session, revision: int) -> bool:
    return (await fleet.document(session.key)).revision > revision


async def test_who_waits_for_its_turn_to_be_asked_has_time_to_report(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    """A gateway asks 50 charge points a second, and a session anew asks anew."""
    assert server.STATUSES_PER_SECOND == places_of.ASKED_A_SECOND
    assert missing_statuses.REPORT_S == places_of.REPORT_S
    newer = await swapped(stack, topic, fleet)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("AVAILABLE", newer.key))
        long_ago = "hardware_since = now() - interval '70 s', connectivity_since = now() - interval '70 s'"

        async def is_marked() -> bool:
            return await reasons(fleet, newer) == ["OWN", "NOT_REPORTED"]

        async with running(places(one, unreported_s=60).run()):
            await fleet.pool.execute(
                "INSERT INTO charge_points (id, revision, connectivity, gateway_id) "
                "SELECT 'H' || n, 0, 'ONLINE', 'gw-1' FROM generate_series(1, 3000) n"
            )
            await fleet.pool.execute(f"UPDATE charge_points SET {long_ago} WHERE key = $1", newer.key)
            await never(is_marked, for_s=1)
            await fleet.pool.execute("UPDATE charge_points SET epoch = $2 WHERE key = $1", newer.key, clock())
            await fleet.pool.execute("UPDATE charge_points SET connectivity = 'OFFLINE' WHERE id LIKE 'H%'")
            await never(is_marked, for_s=1)
            await fleet.pool.execute("UPDATE charge_points SET epoch = 2 WHERE key = $1", newer.key)
            await eventually(is_marked)
