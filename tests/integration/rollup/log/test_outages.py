"""What a broker, a log or Postgres does to the rollup: nothing that lasts, nothing twice."""

import contextlib
import logging
from collections.abc import AsyncIterator

import pytest

from local.stack import Stack
from shared.stores import postgres
from shared.words.event import Event
from tests.integration.read_only import read_only
from tests.integration.rollup.parts import (
    Fleet,
    Rollup,
    clock,
    eventually,
    forget_all,
    never,
    publish,
    rollup,
    running,
    trim,
)

pytestmark = pytest.mark.usefixtures("redis")


async def test_another_log_is_read_from_its_beginning_and_doubles_no_history(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    events: list[Event] = [
        session.began(clock()),
        session.reported(clock(), "Charging"),
        session.reported(clock(), "Available"),
    ]
    await publish(stack, topic, *events)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))
    forget_all(stack, topic)
    await publish(stack, topic, *events[1:], *(session.reported(clock(), word) for word in ("Faulted", "Reserved")))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("RESERVED", session.key))
        await eventually(lambda: one.counted("late_total") == one.counted("duplicates_total") == 1)
        assert one.counted("other_logs_total") == 1
    assert await fleet.history(session.key) == ["ONLINE", "Charging", "Available", "Faulted", "Reserved"]


@pytest.mark.parametrize("again", [1, 2, 3])
async def test_another_log_that_is_as_long_or_shorter_is_noticed_at_once(
    again: int, stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    words = ["Charging", "Available"]
    await publish(stack, topic, session.began(clock()), *(session.reported(clock(), word) for word in words))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))
    forget_all(stack, topic)
    more = ["Faulted", "Reserved", "Unavailable"][:again]
    await publish(stack, topic, *(session.reported(clock(), word) for word in more))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_(more[-1].upper(), session.key))
        assert one.counted("other_logs_total") >= 1
    assert await fleet.history(session.key) == ["ONLINE", *words, *more]


async def test_a_log_that_is_replaced_under_a_running_rollup_is_noticed(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await publish(stack, topic, session.began(clock()), session.reported(clock(), "Charging"))
        await eventually(lambda: fleet.is_("OCCUPIED", session.key))
        forget_all(stack, topic)
        await publish(stack, topic, session.reported(clock(), "Faulted"))
        await eventually(lambda: fleet.is_("FAULTED", session.key), within_s=60)
        assert one.counted("other_logs_total") >= 1
        await eventually(lambda: one.consumer.lag_s == 0)
    assert await fleet.history(session.key) == ["ONLINE", "Charging", "Faulted"]


async def test_records_that_the_log_dropped_unread_are_counted_and_passed(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    await publish(stack, topic, session.began(clock()), session.reported(clock(), "Faulted"))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("FAULTED", session.key))
    published = await trim(stack, topic, session)
    await publish(stack, topic, session.reported(clock(), "Reserved"))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("RESERVED", session.key))
        lost = one.counted("lost_records_total")
        assert 0 < lost < published
        assert one.counted("other_logs_total") == 0
        await eventually(lambda: one.counted("events_total", {"kind": "StatusReported"}) == published + 1 - lost)


@pytest.mark.parametrize("how", ["killed", "paused"])
async def test_a_batch_that_postgres_was_away_for_is_applied_once_it_is_back(
    how: str, stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await publish(stack, topic, session.began(clock()), session.reported(clock(), "Charging"))
        await eventually(lambda: fleet.is_("OCCUPIED", session.key))
        stack.postgres.kill() if how == "killed" else stack.postgres.pause()
        await publish(stack, topic, session.reported(clock(), "Faulted"), session.reported(clock(), "Available"))
        if how == "killed":
            await eventually(lambda: "a batch waits" in caplog.text)
            stack.postgres.start()
        else:
            lags = [{"partition": str(partition)} for partition in range(4)]
            try:
                await eventually(lambda: any(one.counted("lag_records", partition) for partition in lags))
                await eventually(lambda: one.counted("lag_seconds") > 1)  # it grows while the batch waits
            finally:
                stack.postgres.resume()
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))
    assert await fleet.history(session.key) == ["ONLINE", "Charging", "Faulted", "Available"]


async def test_a_rollup_that_starts_before_postgres_waits_for_it(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    session = await fleet.session()
    await publish(stack, topic, session.began(clock()), session.reported(clock()))
    stack.postgres.kill()
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: "where the log was left cannot be read" in caplog.text)
        stack.postgres.start()
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))


async def test_connections_that_postgres_cut_off_are_replaced(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        for word, status in (("Charging", "OCCUPIED"), ("Available", "AVAILABLE"), ("Faulted", "FAULTED")):
            await publish(stack, topic, session.reported(clock(), word))
            await eventually(lambda status=status: fleet.is_(status, session.key))  # type: ignore[misc]
            await fleet.pool.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rollup'"
            )
    assert await fleet.history(session.key, "STATUS") == ["Charging", "Available", "Faulted"]


async def test_a_rollup_outlives_a_broker_that_is_away(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await publish(stack, topic, session.began(clock()), session.reported(clock(), "Charging"))
        await eventually(lambda: fleet.is_("OCCUPIED", session.key))
        stack.broker.restart()
        await publish(stack, topic, session.reported(clock(), "Available"))
        await eventually(lambda: fleet.is_("AVAILABLE", session.key), within_s=60)


async def test_a_position_that_somebody_else_moved_makes_the_rollup_join_again_and_doubles_nothing(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await publish(stack, topic, session.began(clock()), session.reported(clock(), "Charging"), partition=1)
        await eventually(lambda: fleet.is_("OCCUPIED", session.key))
        await fleet.pool.execute("UPDATE log_positions SET next = 0, last_record = NULL WHERE topic = $1", topic)
        await publish(stack, topic, session.reported(clock(), "Available"), partition=1)
        await eventually(lambda: fleet.is_("AVAILABLE", session.key), within_s=60)
        assert one.counted("fenced_total") == 1
    assert await fleet.history(session.key) == ["ONLINE", "Charging", "Available"]


@pytest.mark.parametrize("how", ["killed", "paused", "read-only"])
async def test_with_postgres_away_the_log_is_not_blamed_and_nothing_moves(
    how: str, stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    now = 0
    async with rollup(stack, database_url, topic, clock=lambda: clock() + now) as one, running(one.consumer.run()):
        await publish(stack, topic, session.began(clock()), session.reported(clock(), "Charging"))
        await eventually(lambda: fleet.is_("OCCUPIED", session.key))
        await eventually(lambda: one.consumer.moves)
        now += 60_000
        await eventually(lambda: one.consumer.moves)  # nothing waits
        async with without(stack, how):
            await publish(stack, topic, session.reported(clock(), "Faulted"))
            await eventually(lambda: one.consumer.lag_s > 0)
            now += 60_000
            assert not one.consumer.moves
            assert await one.consumer.answers()
            assert not await postgres.answers(one.pool)
        await eventually(lambda: fleet.is_("FAULTED", session.key))
        await eventually(lambda: one.consumer.moves)
        await eventually(lambda: postgres.answers(one.pool))


@pytest.mark.parametrize("how", ["killed", "paused", "read-only"])
async def test_each_part_says_once_that_postgres_went_and_once_that_it_is_back(
    how: str, stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    session = await fleet.session()

    def said(part: str) -> list[str]:
        of_part = [record for record in caplog.records if record.name == f"plugwatch.rollup.{part}"]
        return [record.levelname for record in of_part if "Postgres" in record.getMessage()]

    async def is_repeated() -> bool:
        return len(said("publication")) > 1 or len(said("liveness")) > 1

    async with (
        rollup(stack, database_url, topic) as one,
        running(one.consumer.run(), one.publication.run(), one.liveness.run()),
    ):
        await publish(stack, topic, session.began(clock()))
        await eventually(lambda: fleet.is_("ONLINE", session.key))
        await eventually(one.hot_copy.is_filled)
        caplog.clear()
        async with without(stack, how):
            await never(is_repeated, 8)
        await eventually(lambda: said("liveness") == ["WARNING", "INFO"])
        # one that takes no writes is read: no notes come, and those that are there are published
        reads = how == "read-only"
        await eventually(lambda: said("publication") == ([] if reads else ["WARNING", "INFO"]))


@contextlib.asynccontextmanager
async def without(stack: Stack, how: str) -> AsyncIterator[None]:
    """Postgres is away for the block."""
    match how:
        case "killed":
            stack.postgres.kill()
            try:
                yield
            finally:
                stack.postgres.start()
        case "paused":
            stack.postgres.pause()
            try:
                yield
            finally:
                stack.postgres.resume()
        case _:
            async with read_only(stack.postgres.url):
                yield


async def test_a_broker_that_is_away_does_not_answer(stack: Stack, database_url: str, topic: str, fleet: Fleet) -> None:
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: one.consumer.answers())
        stack.broker.kill()
        await eventually(lambda: silent(one))
        stack.broker.start()
        await eventually(lambda: one.consumer.answers(), within_s=60)


async def silent(one: Rollup) -> bool:
    return not await one.consumer.answers()
