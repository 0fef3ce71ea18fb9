"""Two rollups in one group: partitions move between them, and every event is applied by one of them, once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.ports import free_port
from local.service import Service
from local.stack import Stack
from tests.events import Session
from tests.integration.rollup.parts import Fleet, Rollup, clock, eventually, publish, rollup, running

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("redis")]

WORDS = ("Available", "Preparing", "Charging", "Finishing")
LATE_S = 60.0


async def publish_round(stack: Stack, topic: str, sessions: list[Session], told: list[str]) -> None:
    """One more status of every charge point."""
    told.append(WORDS[len(told) % len(WORDS)])
    await publish(stack, topic, *(session.reported(clock(), told[-1]) for session in sessions))


async def is_told(fleet: Fleet, sessions: list[Session], told: list[str]) -> bool:
    """Whether each charge point's history is what was told of it: nothing lost, nothing doubled."""
    return all([await fleet.history(session.key, "STATUS") == told for session in sessions])


def share(*rollups: Rollup) -> bool:
    """Whether each has some of the four partitions, and together they have each once."""
    owned = [one.consumer.partitions for one in rollups]
    return all(owned) and sum(map(len, owned)) == 4 == len(frozenset().union(*owned))


async def test_partitions_move_and_nothing_is_lost_or_doubled(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    sessions = [await fleet.session(f"CP{number}") for number in range(20)]
    told: list[str] = []
    await publish_round(stack, topic, sessions, told)
    async with (
        rollup(stack, database_url, topic, group=topic, batch_records=3) as one,
        rollup(stack, database_url, topic, group=topic, batch_records=3) as other,
        running(one.consumer.run()),
    ):
        await eventually(lambda: is_told(fleet, sessions, told))
        async with running(other.consumer.run()):
            for _ in range(20):
                await publish_round(stack, topic, sessions, told)
            await eventually(lambda: share(one, other), LATE_S)
            await publish_round(stack, topic, sessions, told)
            await eventually(lambda: is_told(fleet, sessions, told), LATE_S)
            assert all(each.tells_lag_of() == each.consumer.partitions for each in (one, other))
            assert one.counted("fenced_total") + other.counted("fenced_total") <= 2, "they do not fight"
        await publish_round(stack, topic, sessions, told)
        await eventually(lambda: is_told(fleet, sessions, told), LATE_S)
        await eventually(lambda: len(one.consumer.partitions) == 4, LATE_S)
    assert one.counted("other_logs_total") == other.counted("other_logs_total") == 0


async def test_a_batch_in_flight_while_its_partition_moves_is_applied_once(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    sessions = [await fleet.session(f"CP{number}") for number in range(20)]
    told: list[str] = []
    async with (
        rollup(stack, database_url, topic, group=topic) as one,
        rollup(stack, database_url, topic, group=topic) as other,
        running(one.consumer.run()),
        fleet.pool.acquire() as connection,
    ):
        await publish_round(stack, topic, sessions, told)
        await eventually(lambda: is_told(fleet, sessions, told))
        async with connection.transaction():
            await connection.execute("SELECT FROM log_positions WHERE topic = $1 FOR UPDATE", topic)
            await publish_round(stack, topic, sessions, told)
            await eventually(lambda: waits_for_a_lock(fleet))
            moving = asyncio.create_task(other.consumer.run())
            await eventually(lambda: len(one.consumer.partitions) < 4, LATE_S)
        await eventually(lambda: is_told(fleet, sessions, told), LATE_S)
        await eventually(lambda: share(one, other), LATE_S)
        await publish_round(stack, topic, sessions, told)
        await eventually(lambda: is_told(fleet, sessions, told), LATE_S)
        moving.cancel()
        await asyncio.wait([moving])
    assert one.counted("other_logs_total") == other.counted("other_logs_total") == 0


async def waits_for_a_lock(fleet: Fleet) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return bool(await fleet.pool.fetchval(waiting))


@pytest.fixture
def sleeper(stack: Stack, database_url: str, topic: str, tmp_path: Path) -> Iterator[Service]:
    """A rollup in a process of its own, so that it can be stopped without knowing."""
    port = free_port()
    environment = {
        **stack.environment,
        "PLUGWATCH_DATABASE_URL": database_url,
        "PLUGWATCH_TOPIC": topic,
        "PLUGWATCH_DEAD_LETTER_TOPIC": f"{topic}.dlq",
        "PLUGWATCH_CONSUMER_GROUP": topic,
        "PLUGWATCH_SESSION_TIMEOUT_S": "6",
        "PLUGWATCH_ROLLUP_ADMIN_PORT": str(port),
        "PLUGWATCH_HOST": "127.0.0.1",
    }
    with Service("sleeper", "ingest.rollup", tmp_path, environment, port) as process:
        yield process


async def test_a_rollup_that_slept_through_its_session_commits_no_old_batch(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, sleeper: Service
) -> None:
    sessions = [await fleet.session(f"CP{number}") for number in range(20)]
    told: list[str] = []
    await publish_round(stack, topic, sessions, told)
    await eventually(lambda: is_told(fleet, sessions, told), LATE_S)
    sleeper.pause()
    await publish_round(stack, topic, sessions, told)  # the answer to the sleeper's last fetch
    async with rollup(stack, database_url, topic, group=topic) as one, running(one.consumer.run()):
        await eventually(lambda: is_told(fleet, sessions, told), LATE_S)
        await publish_round(stack, topic, sessions, told)
        await eventually(lambda: is_told(fleet, sessions, told), LATE_S)
        sleeper.resume()
        for _ in range(10):
            await publish_round(stack, topic, sessions, told)
        await eventually(lambda: 0 < len(one.consumer.partitions) < 4, LATE_S)
        await publish_round(stack, topic, sessions, told)
        await eventually(lambda: is_told(fleet, sessions, told), LATE_S)
    assert sleeper.alive, sleeper.last_words()
    positions = await fleet.pool.fetchval("SELECT sum(next) FROM log_positions WHERE topic = $1", topic)
    assert positions == len(sessions) * len(told)
