"""The fleet's gauges: right, told by one rollup alone, and gone rather than old."""

import time
from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry

from ingest.rollup.metrics import Metrics
from ingest.rollup.upkeep.fleet_gauges import KEPT_MS, LATE_S, WITHIN_S, FleetGauges
from local.stack import Stack
from tests.integration.rollup.parts import Fleet, Rollup, clock, eventually, publish, rollup, running

pytestmark = pytest.mark.usefixtures("redis")

FLEET = (
    "plugwatch_fleet_stations",
    "plugwatch_fleet_charge_points",
    "plugwatch_fleet_connectors",
    "plugwatch_fleet_flagged_connectors",
    "plugwatch_fleet_flagged_charge_points",
)


class Counting:
    """Fleet gauges upon a rollup, with the gauges it shows and a clock that a test may put forward (ms)."""

    def __init__(self, one: Rollup) -> None:
        self.ahead = 0
        self.registry = CollectorRegistry()
        self.gauges = FleetGauges(one.pool, one.consumer, Metrics(self.registry), clock=lambda: clock() + self.ahead)

    def shown(self) -> Mapping[str, Mapping[str, float]]:
        """Gauge → value of its label → number; a gauge that tells nothing is not there."""
        return {
            family.name: {next(iter(sample.labels.values()), ""): sample.value for sample in family.samples}
            for family in self.registry.collect()
            if family.name in (*FLEET, "plugwatch_rollup_unpublished_notes") and family.samples
        }

    async def is_told(self) -> bool:
        return len(self.shown()) == len(FLEET) + 1


async def test_the_owner_of_partition_0_tells_the_whole_fleet_with_zeros(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    station = await fleet.station()
    sessions = [await fleet.session(f"CP{number}", station_key=station) for number in range(2)]
    await fleet.session("NEW")
    for session, word in zip(sessions, ("Charging", "Faulted"), strict=True):
        await publish(stack, topic, session.began(clock()), session.reported(clock(), word))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("OCCUPIED", sessions[0].key))
        await eventually(lambda: fleet.is_("FAULTED", sessions[1].key))
        counting = Counting(one)
        async with running(counting.gauges.run()):
            await eventually(counting.is_told)
    await fleet.pool.execute("UPDATE unpublished SET created_at = now() - make_interval(secs => $1)", LATE_S + 1)
    notes = await fleet.pool.fetchval("SELECT count(*) FROM unpublished")
    assert notes >= 1, "nobody publishes here"
    assert not counting.shown(), "the consumer has stopped: its partitions are others' by now"
    await fleet.pool.execute("UPDATE reports SET flapping = true, stuck = reported = 'Charging'")
    await fleet.pool.execute("UPDATE charge_points SET flapping = connectivity = 'ONLINE', stuck = status <> 'FAULTED'")
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        counting = Counting(one)
        async with running(counting.gauges.run()):
            await eventually(counting.is_told)
        assert counting.shown() == {
            "plugwatch_fleet_flagged_connectors": {"flapping": 2, "stuck": 1},
            "plugwatch_fleet_flagged_charge_points": {"flapping": 2, "stuck": 2},
            "plugwatch_fleet_stations": {"OK": 0, "DEGRADED": 1, "DOWN": 0, "UNKNOWN": 1},
            "plugwatch_fleet_charge_points": {"ONLINE": 2, "OFFLINE": 0, "NEVER": 1},
            "plugwatch_fleet_connectors": {
                "AVAILABLE": 0,
                "OCCUPIED": 1,
                "RESERVED": 0,
                "UNAVAILABLE": 0,
                "FAULTED": 1,
                "UNKNOWN": 0,
            },
            "plugwatch_rollup_unpublished_notes": {"": notes},
        }


async def test_a_topic_that_holds_nothing_yet_has_a_fleet_all_the_same(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    await fleet.station()
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        counting = Counting(one)
        async with running(counting.gauges.run()):
            await eventually(counting.is_told)
        assert counting.shown()["plugwatch_fleet_stations"]["UNKNOWN"] == 1
        assert counting.shown()["plugwatch_rollup_unpublished_notes"] == {"": 0}


async def test_numbers_that_cannot_be_renewed_vanish(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        counting = Counting(one)
        async with running(counting.gauges.run()):
            await eventually(counting.is_told)
        stack.postgres.kill()
        async with running(counting.gauges.run()):
            await eventually(lambda: "the fleet could not be counted" in caplog.text)
            assert await counting.is_told(), "a minute's trouble is no news"
            counting.ahead = KEPT_MS
            assert not counting.shown()
        stack.postgres.start()
        async with running(counting.gauges.run()):
            await eventually(counting.is_told)


async def test_counting_that_takes_too_long_is_given_up(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        rollup(stack, database_url, topic) as one,
        running(one.consumer.run()),
        fleet.pool.acquire() as connection,
        connection.transaction(),
    ):
        await eventually(lambda: 0 in one.consumer.owned)
        await connection.execute("LOCK TABLE stations IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        async with running(Counting(one).gauges.run()):
            await eventually(lambda: "the fleet could not be counted" in caplog.text)
        assert WITHIN_S - 1 < time.monotonic() - began < 2 * WITHIN_S


@pytest.mark.kafka
async def test_when_partition_0_moves_one_rollup_alone_tells_the_fleet(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    await fleet.station()
    async with (
        rollup(stack, database_url, topic, group=topic) as one,
        rollup(stack, database_url, topic, group=topic) as other,
    ):
        first, second = Counting(one), Counting(other)
        async with running(second.gauges.run()):
            async with running(one.consumer.run(), first.gauges.run()):
                await eventually(first.is_told)
                async with running(other.consumer.run()):
                    await eventually(lambda: len(one.consumer.owned) == len(other.consumer.owned) == 2, 60)
                    await eventually(lambda: bool(first.shown()) != bool(second.shown()), 30)
                    for _ in range(20):
                        assert not (first.shown() and second.shown())
            async with running(other.consumer.run()):
                await eventually(second.is_told, 60)
                assert not first.shown()
