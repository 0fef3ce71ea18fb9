"""What stops a batch costs its sender alone; what Postgres cannot do now, or a bug of ours, sets nothing aside."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from ingest.rollup.fold.fold import Policy
from local.stack import Stack
from shared.words.event import Event
from tests.events import MINUTE, Session
from tests.integration.rollup.parts import Fleet, Rollup, clock, consumed, eventually, never, publish, rollup, running

pytestmark = pytest.mark.usefixtures("redis")

#: A grace that nothing can be compared with: whoever comes back after his socket was closed meets a bug of ours.
BUG = Policy(close_grace_ms="a minute")  # type: ignore[arg-type]


class Costly(int):
    """A grace that takes 1.5 s of CPU time to compare with."""

    def __lt__(self, other: object) -> bool:
        until = time.thread_time() + 1.5
        while time.thread_time() < until:
            pass
        return False


@pytest.fixture
async def refusing(fleet: Fleet) -> AsyncIterator[None]:
    """Postgres takes no history of the word Poison (SQLSTATE 23514)."""
    await fleet.pool.execute("ALTER TABLE history ADD CONSTRAINT refused CHECK (reported <> 'Poison')")
    yield
    await fleet.pool.execute("ALTER TABLE history DROP CONSTRAINT refused")


def comes_back(session: Session) -> list[Event]:
    """It closes its socket and is here again: with ``BUG``, the last of these is unexpected."""
    session_2 = Session(session.epoch + 1, key=session.key, charge_point_id=session.charge_point_id)
    return [session.began(clock()), session.ended(clock()), session_2.began(clock())]


async def sessions(fleet: Fleet, number: int) -> list[Session]:
    return [await fleet.session(f"CP{n}") for n in range(number)]


async def is_available(fleet: Fleet, these: Sequence[Session]) -> bool:
    return all([await fleet.is_("AVAILABLE", one.key) for one in these])


async def position(one: Rollup, partition: int = 0) -> int:
    return (await one.store.positions([partition]))[partition].next


async def test_a_record_that_postgres_refuses_is_found_by_halving_and_costs_itself_alone(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, refusing: None
) -> None:
    bad, *good = await sessions(fleet, 20)
    given = [event for one in good for event in (one.began(clock()), one.reported(clock()))]
    given[20:20] = [bad.began(clock()), bad.reported(clock(), "Poison"), bad.reported(clock(), "Faulted")]
    await publish(stack, topic, *given, partition=0)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: is_available(fleet, good))
        await eventually(lambda: fleet.is_("FAULTED", bad.key))
        assert await fleet.history(bad.key) == ["ONLINE", "Faulted"]
        assert await position(one) == len(given)
    (letter,) = await consumed(stack, f"{topic}.dlq", 1)
    headers = {name: value.decode() for name, value in letter.headers}
    assert (headers["reason"], headers["exception"]) == ("unexpected", "CheckViolationError")
    assert headers["place"].startswith("ingest/rollup/state/store.py:_write:")
    assert headers["source"] == f"{topic}/0/21"
    assert one.counted("dead_letters_total", {"reason": "unexpected"}) == 1
    assert one.counted("duplicates_total") == 0, "every half is applied once"


async def test_an_exception_of_our_own_code_names_its_place(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    bad, good = await sessions(fleet, 2)
    await publish(stack, topic, *comes_back(bad), good.began(clock()), good.reported(clock()), partition=0)
    async with rollup(stack, database_url, topic, policy=BUG) as one, running(one.consumer.run()):
        await eventually(lambda: is_available(fleet, [good]))
    (letter,) = await consumed(stack, f"{topic}.dlq", 1)
    headers = {name: value.decode() for name, value in letter.headers}
    assert (headers["reason"], headers["exception"]) == ("unexpected", "TypeError")
    assert headers["place"].startswith("ingest/rollup/fold/fold.py:_begin:")


async def test_a_record_whose_fold_outruns_its_budget_is_found_by_halving(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    bad, *good = await sessions(fleet, 3)
    given = [*comes_back(bad), *(event for one in good for event in (one.began(clock()), one.reported(clock())))]
    await publish(stack, topic, *given, partition=0)
    policy = Policy(close_grace_ms=Costly(MINUTE))
    async with (
        rollup(stack, database_url, topic, policy=policy, session_timeout_s=30) as one,
        running(one.consumer.run()),
    ):
        await eventually(lambda: is_available(fleet, good), within_s=90)  # 10 s of CPU time
        await eventually(lambda: one.counted("dead_letters_total", {"reason": "unexpected"}) == 1)
    (letter,) = await consumed(stack, f"{topic}.dlq", 1)
    assert dict(letter.headers)["exception"] == b"Costly"


async def test_a_batch_that_is_costly_as_a_whole_is_applied_in_halves_and_sets_nothing_aside(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    class Dear(int):
        def __lt__(self, other: object) -> bool:
            until = time.thread_time() + 0.4
            while time.thread_time() < until:
                pass
            return False

    many = await sessions(fleet, 6)
    given: list[Event] = [event for one in many for event in comes_back(one)]
    await publish(stack, topic, *given, partition=0)
    policy = Policy(close_grace_ms=Dear(MINUTE))
    async with (
        rollup(stack, database_url, topic, policy=policy, session_timeout_s=30) as one,
        running(one.consumer.run()),
    ):
        await eventually(lambda: one.counted("events_total", {"kind": "SessionBegan"}) == 12)
        assert one.counted("batch_records_count") >= 3
        assert one.counted("dead_letters_total", {"reason": "unexpected"}) == 0


async def test_a_bug_that_fails_every_record_sets_none_aside_and_waits_for_the_roll_back(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    many = await sessions(fleet, 5)
    await publish(stack, topic, *(event for one in many for event in comes_back(one)[:2]), partition=0)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: one.counted("events_total", {"kind": "SessionEnded"}) == 5)
    again = [Session(2, key=one.key, charge_point_id=one.charge_point_id) for one in many]
    await publish(stack, topic, *(one.began(clock()) for one in again), partition=0)
    async with rollup(stack, database_url, topic, policy=BUG) as one, running(one.consumer.run()):
        await eventually(lambda: caplog.text.count("its partition waits") >= 2)
        assert one.counted("held_partitions") == 1
        assert one.counted("dead_letters_total", {"reason": "unexpected"}) == 0
        assert await position(one) == 10
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: one.counted("events_total", {"kind": "SessionBegan"}) == 5)


async def test_a_record_that_is_alone_waits_until_another_charge_point_tells_whose_fault_it_is(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = await sessions(fleet, 2)
    await publish(stack, topic, *comes_back(bad), partition=0)
    async with rollup(stack, database_url, topic, policy=BUG) as one, running(one.consumer.run()):
        await eventually(lambda: "its partition waits" in caplog.text)
        assert await position(one) == 2
        await publish(stack, topic, good.began(clock()), good.reported(clock()), partition=1)
        await eventually(lambda: is_available(fleet, [good]))
        await eventually(lambda: one.counted("dead_letters_total", {"reason": "unexpected"}) == 1)
        await eventually(lambda: one.counted("held_partitions") == 0)
        assert await position(one) == 3


@pytest.mark.parametrize(
    ("how", "back", "says"),
    [
        (
            "ALTER TABLE {} RENAME COLUMN since TO gone",
            "ALTER TABLE {} RENAME COLUMN gone TO since",
            "whatever the record",
        ),
        ("ALTER TABLE {} RENAME TO gone", "ALTER TABLE gone RENAME TO {}", "Postgres is away"),
    ],
)
async def test_what_a_person_must_mend_in_postgres_is_waited_for_and_sets_nothing_aside(
    stack: Stack,
    database_url: str,
    topic: str,
    fleet: Fleet,
    caplog: pytest.LogCaptureFixture,
    how: str,
    back: str,
    says: str,
) -> None:
    many = await sessions(fleet, 3)
    await fleet.pool.execute(how.format("reports"))
    try:
        await publish(stack, topic, *(event for one in many for event in (one.began(clock()), one.reported(clock()))))
        async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
            await eventually(lambda: caplog.text.count(says) >= 2)
            assert not any([await fleet.is_("AVAILABLE", one.key) for one in many])
            await fleet.pool.execute(back.format("reports"))
            await eventually(lambda: is_available(fleet, many))
            assert one.counted("dead_letters_total", {"reason": "unexpected"}) == 0
    finally:
        with contextlib.suppress(asyncpg.PostgresError):
            await fleet.pool.execute(back.format("reports"))


async def test_rows_that_are_locked_too_long_are_too_slow_and_set_nothing_aside(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    locked, free = await sessions(fleet, 2)
    name = await fleet.pool.fetchval("SELECT current_database()")
    await fleet.pool.execute(f"ALTER DATABASE {name} SET lock_timeout = '200ms'")
    try:
        async with rollup(stack, database_url, topic) as one, fleet.pool.acquire() as other:
            async with other.transaction():
                await other.execute("SELECT FROM charge_points WHERE key = $1 FOR UPDATE", locked.key)
                await publish(stack, topic, free.began(clock()), free.reported(clock()), partition=0)
                await publish(stack, topic, locked.began(clock()), locked.reported(clock()), partition=0)
                task = asyncio.create_task(one.consumer.run())
                await eventually(lambda: is_available(fleet, [free]), within_s=10)
                assert "too slow" in caplog.text
            await eventually(lambda: is_available(fleet, [locked]))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert one.counted("dead_letters_total", {"reason": "unexpected"}) == 0
    finally:
        await fleet.pool.execute(f"ALTER DATABASE {name} RESET lock_timeout")


async def test_a_flood_of_one_charger_costs_the_limit_once(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, refusing: None
) -> None:
    bad, good = await sessions(fleet, 2)
    flood = [bad.reported(clock(), "Poison", (1, n % 100 + 1)) for n in range(150)]
    await publish(stack, topic, good.began(clock()), *flood, good.reported(clock()), partition=0)
    async with rollup(stack, database_url, topic, dead_letter_limit=1) as one, running(one.consumer.run()):
        await eventually(lambda: is_available(fleet, [good]))
        assert one.counted("dead_letters_total", {"reason": "unexpected"}) == 150
        await never(lambda: has_stopped(one), 0.1)


async def has_stopped(one: Rollup) -> bool:
    return not one.consumer.partitions


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE charge_points SET document = '{\"id\": 1}' WHERE key = $1",
        "UPDATE reports SET status = 'FINE', evse_status = NULL WHERE charge_point_key = $1",
        "UPDATE reports SET status_since = 'infinity', evse_since = '-infinity' WHERE charge_point_key = $1",
        "UPDATE charge_points SET last_seen_at = '-infinity', previous_seen_at = 'infinity' WHERE key = $1",
        "UPDATE reports SET since = '-infinity' WHERE charge_point_key = $1",
        "UPDATE reports SET reported_at = 'infinity', received_at = '-infinity' WHERE charge_point_key = $1",
        "DELETE FROM reports WHERE charge_point_key = $1",
    ],
)
async def test_a_row_that_cannot_be_read_costs_its_charge_point_alone_and_is_mended_by_what_comes_next(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, damage: str
) -> None:
    damaged, whole = await sessions(fleet, 2)
    for session in (damaged, whole):
        given: list[Event] = [session.began(clock()), *(session.reported(clock(), place=(n, 1)) for n in (1, 2))]
        await publish(stack, topic, *given)
    policy = Policy(close_grace_ms=200)
    async with rollup(stack, database_url, topic, policy=policy) as one, running(one.consumer.run()):
        await eventually(lambda: is_available(fleet, [damaged, whole]))
        await fleet.pool.execute(damage, damaged.key)
        await publish(stack, topic, damaged.reported(clock(), "Charging"), whole.reported(clock(), "Charging"))
        await eventually(lambda: is_charging(fleet, [whole, damaged]))
        await fleet.pool.execute(damage, damaged.key)
        await publish(stack, topic, *(session.ended(clock()) for session in (damaged, whole)))
        async with running(one.liveness.run()):
            await eventually(lambda: fleet.is_("OFFLINE", whole.key))
            await eventually(lambda: fleet.is_("OFFLINE", damaged.key))
        assert one.counted("dead_letters_total", {"reason": "unexpected"}) == 0


async def is_charging(fleet: Fleet, these: Sequence[Session]) -> bool:
    words = "SELECT reported FROM reports WHERE charge_point_key = $1 AND evse_id = 1"
    return all([await fleet.pool.fetchval(words, one.key) == "Charging" for one in these])
