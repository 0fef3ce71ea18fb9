"""Who is marked OFFLINE, since when, and when nobody may be."""

import time

import pytest

from ingest.rollup.fold.fold import Policy
from local.stack import Stack
from shared.words import instant
from tests.events import SECOND, Session
from tests.integration.rollup.parts import Fleet, clock, eventually, never, publish, rollup, running

pytestmark = pytest.mark.usefixtures("redis")

GRACE = Policy(close_grace_ms=1 * SECOND)
LONG_GRACE = Policy(close_grace_ms=60 * SECOND)


async def gateway(fleet: Fleet, name: str, *, renewed_s_ago: float, lease_s: float = 0.5) -> None:
    """A gateway whose lease was renewed that long ago."""
    await fleet.pool.execute(
        "INSERT INTO gateways (id, renewed_at, expires_at) "
        "VALUES ($1, now() - make_interval(secs => $2), now() - make_interval(secs => $2 - $3)) "
        "ON CONFLICT (id) DO UPDATE SET renewed_at = excluded.renewed_at, expires_at = excluded.expires_at",
        name,
        renewed_s_ago,
        lease_s,
    )


async def test_a_socket_that_stays_closed_is_offline_since_it_was_heard_last(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session, now = await fleet.session(), clock()
    async with (
        rollup(stack, database_url, topic, policy=GRACE) as one,
        running(one.consumer.run(), one.liveness.run()),
    ):
        await publish(
            stack, topic, session.began(now), session.reported(now, "Charging"), session.ended(now, heard_at=now)
        )
        await eventually(lambda: fleet.is_("OFFLINE", session.key))
        assert clock() >= now + GRACE.close_grace_ms
        row = await fleet.pool.fetchrow("SELECT event_time, received_at FROM history WHERE reported = 'OFFLINE'")
        assert row is not None
        assert instant.from_datetime(row["event_time"]) == now
        assert instant.from_datetime(row["received_at"]) >= now + GRACE.close_grace_ms
        document = await fleet.document(session.key)
        assert document.evses[0].connectors[0].reason == "OFFLINE"
        assert document.evses[0].since == instant.to_text(now)
        assert one.counted("offline_total", {"cause": "closed"}) == 1
        await never(lambda: went(fleet, session, 2), for_s=1.2)


async def went(fleet: Fleet, session: Session, times: int) -> bool:
    return (await fleet.history(session.key)).count("OFFLINE") >= times


async def test_a_reconnect_within_the_grace_leaves_no_trace(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session, now = await fleet.session(), clock()
    again = Session(epoch=2, key=session.key, charge_point_id=session.charge_point_id)
    await gateway(fleet, "gw-1", renewed_s_ago=0, lease_s=600)
    async with (
        rollup(stack, database_url, topic, policy=GRACE) as one,
        running(one.consumer.run(), one.liveness.run()),
    ):
        await publish(stack, topic, session.began(now), session.ended(now), again.began(clock()))
        await eventually(lambda: fleet.is_("ONLINE", session.key))
        await never(lambda: went(fleet, session, 1), for_s=2.5)
        assert await fleet.history(session.key) == ["ONLINE"]


async def test_the_chargers_of_a_gateway_that_vanished_are_offline_since_it_renewed_last(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session, now = await fleet.session(), clock()
    early = await fleet.session("EARLY")
    alive = await fleet.session("ALIVE")
    alive.gateway = "gw-alive"
    await gateway(fleet, "gw-1", renewed_s_ago=30)
    await gateway(fleet, "gw-alive", renewed_s_ago=0, lease_s=600)
    async with (
        rollup(stack, database_url, topic, policy=GRACE) as one,
        running(one.consumer.run(), one.liveness.run()),
    ):
        await publish(stack, topic, session.began(now - 60_000), session.reported(now - 10_000, "Charging"))
        await publish(stack, topic, early.began(now - 60_000), alive.began(now - 60_000))
        await eventually(lambda: fleet.is_("OFFLINE", session.key))
        await eventually(lambda: fleet.is_("OFFLINE", early.key))
        rows = await fleet.pool.fetch("SELECT charge_point_key, event_time FROM history WHERE reported = 'OFFLINE'")
        since = {row["charge_point_key"]: instant.from_datetime(row["event_time"]) for row in rows}
        assert since[session.key] == now - 10_000, "its last event is later than the renewal"
        station = "SELECT status_since FROM stations WHERE key = (SELECT station_key FROM charge_points WHERE key = $1)"
        assert instant.from_datetime(await fleet.pool.fetchval(station, session.key)) == since[session.key]
        assert abs(since[early.key] - (now - 30_000)) < 5_000, "the renewal is later than its last event"
        assert (await fleet.document(early.key)).last_seen_at == instant.to_text(since[early.key])
        assert await fleet.is_("ONLINE", alive.key)
        assert one.counted("offline_total", {"cause": "vanished"}) == 2

        await publish(stack, topic, session.began(clock()))  # it was only cut off, and announces its sessions again
        await gateway(fleet, "gw-1", renewed_s_ago=0, lease_s=600)
        await eventually(lambda: fleet.is_("ONLINE", session.key))
        await eventually(lambda: fleet.is_("OCCUPIED", session.key))
        assert await fleet.history(session.key, "CONNECTIVITY") == ["ONLINE", "OFFLINE", "ONLINE"]


async def test_a_gateway_without_a_lease_gets_one_more_and_is_dead_after_it(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session, now = await fleet.session(), clock()
    session.gateway = f"gw-lost-{fleet.token}"
    async with (
        rollup(stack, database_url, topic, policy=GRACE) as one,
        running(one.consumer.run(), one.liveness.run()),
    ):
        await publish(stack, topic, session.began(now - 60_000), session.reported(now - 10_000, "Charging"))
        await eventually(lambda: fleet.is_("OFFLINE", session.key))
        offline = "SELECT event_time FROM history WHERE charge_point_key = $1 AND reported = 'OFFLINE'"
        since = instant.from_datetime(await fleet.pool.fetchval(offline, session.key))
        assert since == now - 10_000, "its last event: nothing is known of its renewals"


async def test_after_a_power_cut_of_everything_the_outage_is_in_history(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session, now = await fleet.session(), clock()
    died = f"gw-died-{fleet.token}"
    session.gateway = died
    again = Session(epoch=2, gateway="gw-new", key=session.key, charge_point_id=session.charge_point_id)
    async with rollup(stack, database_url, topic, policy=GRACE) as one, running(one.consumer.run()):
        await publish(stack, topic, session.began(now - 60_000), session.reported(now - 59_000, "Charging"))
        await eventually(lambda: fleet.is_("ONLINE", session.key))
    await gateway(fleet, died, renewed_s_ago=30)
    async with (
        rollup(stack, database_url, topic, policy=GRACE, lease_s=60) as one,
        running(one.consumer.run(), one.liveness.run()),
    ):
        await publish(stack, topic, again.began(clock(), leased=True))
        await eventually(lambda: went(fleet, session, 1))
        assert await fleet.history(session.key, "CONNECTIVITY") == ["ONLINE", "OFFLINE", "ONLINE"]


async def test_no_gateway_is_believed_dead_before_postgres_was_well_for_a_whole_lease(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    session, now = await fleet.session(), clock()
    await gateway(fleet, "gw-1", renewed_s_ago=3600)
    await publish(stack, topic, session.began(now - 1000))
    started = time.monotonic()
    async with (
        rollup(stack, database_url, topic, policy=GRACE, lease_s=3) as one,
        running(one.consumer.run(), one.liveness.run()),
    ):
        await eventually(lambda: fleet.is_("ONLINE", session.key))
        await eventually(lambda: fleet.is_("OFFLINE", session.key))
        assert time.monotonic() - started >= 3
        await gateway(fleet, "gw-1", renewed_s_ago=0, lease_s=600)
        await publish(stack, topic, session.began(clock()))
        await eventually(lambda: fleet.is_("ONLINE", session.key))
        stack.postgres.kill()
        await eventually(lambda: "nobody is marked OFFLINE" in caplog.text)
        stack.postgres.start()
        restarted = time.monotonic()
        await eventually(lambda: expired(fleet, "gw-1"))
        await eventually(lambda: fleet.is_("OFFLINE", session.key))
        assert time.monotonic() - restarted >= 2.5, "every lease looks expired after an outage of Postgres"


async def expired(fleet: Fleet, name: str) -> bool:
    await gateway(fleet, name, renewed_s_ago=3600)
    return True


@pytest.mark.parametrize("has_read", [True, False])
async def test_nobody_is_marked_while_reconnects_may_wait_in_the_log(
    has_read: bool, stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    """The batch with the reconnect is held up; ``has_read``: whether this rollup applied anything before it."""
    session, other, now = await fleet.session(), await fleet.session("OTHER"), clock()
    again = Session(epoch=2, key=session.key, charge_point_id=session.charge_point_id)
    gone = now - 2 * LONG_GRACE.close_grace_ms
    await publish(stack, topic, session.began(gone - 1000), session.ended(gone), partition=0)
    async with rollup(stack, database_url, topic, policy=LONG_GRACE) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("ONLINE", session.key))
        await eventually(lambda: is_closed(fleet, session))
    late = again.began(gone + 30_000)
    async with (
        rollup(stack, database_url, topic, policy=LONG_GRACE) as one,
        fleet.pool.acquire() as connection,
        running(one.consumer.run()),
    ):
        if has_read:
            await publish(stack, topic, other.began(clock()), partition=0)
            await publish(stack, topic, other.reported(clock()), partition=1)
            await eventually(lambda: fleet.is_("AVAILABLE", other.key))
            await eventually(lambda: one.consumer.lag_s == 0)
        async with connection.transaction():
            await connection.execute("SELECT FROM log_positions WHERE topic = $1 FOR UPDATE", topic)
            await publish(stack, topic, late, partition=0)
            await eventually(lambda: one.counted("lag_records", {"partition": "0"}) > 0)
            async with running(one.liveness.run()):
                assert one.consumer.lag_s > 10
                await never(lambda: went(fleet, session, 1), for_s=1.5)
        await eventually(lambda: one.consumer.lag_s == 0)
        await eventually(lambda: fleet.is_("ONLINE", session.key))
    assert await fleet.history(session.key) == ["ONLINE"], "it was back within the grace"


async def is_closed(fleet: Fleet, session: Session) -> bool:
    return bool(await fleet.pool.fetchval("SELECT closed_at FROM charge_points WHERE key = $1", session.key))


async def test_a_charger_that_is_heard_while_the_sweep_waits_is_not_marked(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session, now = await fleet.session(), clock()
    await gateway(fleet, "gw-1", renewed_s_ago=30)
    await publish(stack, topic, session.began(now))
    async with (
        rollup(stack, database_url, topic, policy=GRACE) as one,
        fleet.pool.acquire() as connection,
        running(one.consumer.run()),
    ):
        await eventually(lambda: fleet.is_("ONLINE", session.key))
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "UPDATE charge_points SET sequence = 5, gateway_id = 'gw-2' WHERE key = $1", session.key
        )
        async with running(one.liveness.run()):
            await eventually(lambda: waits_for_a_lock(fleet))
            await transaction.commit()
            await never(lambda: went(fleet, session, 1), for_s=1.5)


async def waits_for_a_lock(fleet: Fleet) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return bool(await fleet.pool.fetchval(waiting))


async def test_partitions_of_others_are_left_to_them(stack: Stack, database_url: str, topic: str, fleet: Fleet) -> None:
    session, now = await fleet.session(), clock()
    await publish(stack, topic, session.began(now), session.ended(now), partition=0)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: is_closed(fleet, session))
    await fleet.pool.execute("UPDATE charge_points SET log_partition = 99 WHERE key = $1", session.key)
    async with (
        rollup(stack, database_url, topic, policy=GRACE) as one,
        running(one.consumer.run(), one.liveness.run()),
    ):
        await never(lambda: went(fleet, session, 1), for_s=2.5)
        # A topic that was made anew with fewer partitions: nobody will ever own this one.
        await fleet.pool.execute("INSERT INTO log_positions (topic, partition) VALUES ($1, 99)", topic)
        await eventually(lambda: went(fleet, session, 1), within_s=5)


async def test_a_big_gateway_that_vanished_is_marked_without_a_pause_between_the_thousands(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    station, now = await fleet.station(), clock()
    seen_by = await fleet.session("SEEN", station_key=station)
    await publish(stack, topic, seen_by.began(now), partition=0)
    async with rollup(stack, database_url, topic, policy=GRACE) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("ONLINE", seen_by.key))
        await fleet.pool.execute(
            "INSERT INTO charge_points (id, log_partition, connectivity, connectivity_since, last_seen_at, gateway_id, "
            "epoch, sequence, document) SELECT 'MANY-' || n, 0, 'ONLINE', now(), now(), 'gw-dead', 1, 0, "
            "replace(document, id, 'MANY-' || n) FROM charge_points, generate_series(1, 2500) AS n WHERE key = $1",
            seen_by.key,
        )
        await gateway(fleet, "gw-dead", renewed_s_ago=60)
        await gateway(fleet, "gw-1", renewed_s_ago=0, lease_s=600)
        async with running(one.liveness.run()):
            await eventually(lambda: one.counted("offline_total", {"cause": "vanished"}) >= 1000)
            await eventually(lambda: one.counted("offline_total", {"cause": "vanished"}) == 2500)
    assert await fleet.is_("ONLINE", seen_by.key)


async def test_a_clock_that_is_set_back_costs_a_lease_and_not_as_long_as_it_was_set_back(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session, ahead_ms = await fleet.session(), 3_600_000
    await gateway(fleet, "gw-1", renewed_s_ago=0, lease_s=600)
    async with (
        rollup(stack, database_url, topic, policy=GRACE, clock=lambda: clock() + ahead_ms) as one,
        running(one.consumer.run(), one.liveness.run()),
    ):
        await publish(stack, topic, session.began(clock() - 1000))
        await eventually(lambda: fleet.is_("ONLINE", session.key))
        await never(lambda: fleet.is_("OFFLINE", session.key), for_s=1)
        ahead_ms = 0
        await gateway(fleet, "gw-1", renewed_s_ago=30)
        await eventually(lambda: fleet.is_("OFFLINE", session.key), within_s=10)
