"""Months of history as tables: there in time, and gone in time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from ingest.rollup.upkeep.history_months import HistoryMonths
from shared.stores.postgres import Pool
from tests.integration.rollup.parts import eventually

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def fresh(pool: Pool) -> Pool:
    """Postgres without any month yet."""
    for name in await months(pool):
        await pool.execute(f"DROP TABLE {name}")
    return pool


@pytest.fixture
async def backup(database_url: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Starts what pg_dump does: one transaction that has read every table, and takes its time."""
    connection = await asyncpg.connect(database_url)

    async def begin() -> None:
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for table in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            await connection.execute(f'LOCK TABLE "{table["tablename"]}" IN ACCESS SHARE MODE')

    yield begin
    await connection.close()


async def months(pool: Pool) -> list[str]:
    rows = await pool.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'history'::regclass "
        "AND inhrelid != 'history_default'::regclass ORDER BY 1"
    )
    return [row["name"] for row in rows]


async def add(pool: Pool, *received: datetime) -> None:
    await pool.executemany(
        "INSERT INTO history (charge_point_key, kind, reported, event_time, received_at, epoch, sequence) "
        "VALUES (1, 'STATUS', 'Available', $1, $1, 1, $2)",
        [(moment, number) for number, moment in enumerate(received)],
    )


async def where(pool: Pool) -> list[tuple[str, datetime]]:
    rows = await pool.fetch("SELECT tableoid::regclass::text AS name, received_at FROM history ORDER BY received_at")
    return [(row["name"], row["received_at"]) for row in rows]


async def test_this_month_and_the_next_three_are_made_once(fresh: Pool) -> None:
    keeper = HistoryMonths(fresh, retention_days=0)
    for _ in range(2):
        await keeper.keep(NOW)
        assert await months(fresh) == ["history_2026_11", "history_2026_12", "history_2027_01", "history_2027_02"]
    await keeper.keep(datetime(2026, 12, 1, tzinfo=UTC))
    assert (await months(fresh))[-1] == "history_2027_03"


async def test_lines_that_came_before_their_month_was_made_are_moved_into_it(fresh: Pool) -> None:
    last, first = datetime(2026, 11, 30, 23, 59, 59, 999_000, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    other = datetime(2031, 1, 1, tzinfo=UTC)
    await add(fresh, last, first, other)
    await HistoryMonths(fresh, retention_days=0).keep(NOW)
    assert await where(fresh) == [("history_2026_11", last), ("history_2026_12", first), ("history_default", other)]


async def test_a_line_twice_is_one_in_a_month_as_well(fresh: Pool) -> None:
    await HistoryMonths(fresh, retention_days=0).keep(NOW)
    await add(fresh, NOW)
    await fresh.execute(
        "INSERT INTO history (charge_point_key, kind, reported, event_time, received_at, epoch, sequence) "
        "VALUES (1, 'STATUS', 'Available', $1, $1, 1, 0) ON CONFLICT DO NOTHING",
        NOW,
    )
    assert len(await where(fresh)) == 1


async def test_a_writer_under_way_neither_fails_nor_is_failed(fresh: Pool) -> None:
    """A fresh rollup makes the month while its first batch writes into the default partition."""
    async with fresh.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "INSERT INTO history (charge_point_key, kind, reported, event_time, received_at, epoch, sequence) "
            "VALUES (1, 'STATUS', 'Available', $1, $1, 1, 0)",
            NOW,
        )
        keeping = asyncio.create_task(HistoryMonths(fresh, retention_days=0).keep(NOW))
        await eventually(lambda: waits_for_a_lock(fresh))
        await transaction.commit()
    await keeping
    assert await where(fresh) == [("history_2026_11", NOW)]


async def waits_for_a_lock(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


async def test_two_rollups_at_once_make_each_month_once(fresh: Pool) -> None:
    await asyncio.gather(*(HistoryMonths(fresh, retention_days=0).keep(NOW) for _ in range(3)))
    assert len(await months(fresh)) == 4


async def test_retention_drops_months_that_are_wholly_too_old_and_old_lines_elsewhere(fresh: Pool) -> None:
    await HistoryMonths(fresh, retention_days=0).keep(datetime(2026, 8, 15, tzinfo=UTC))
    await HistoryMonths(fresh, retention_days=0).keep(NOW)
    old, young = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 9, 30, tzinfo=UTC)
    await add(fresh, old, datetime(2026, 8, 31, tzinfo=UTC), young)
    await HistoryMonths(fresh, retention_days=60).keep(NOW)
    assert (await months(fresh))[0] == "history_2026_09"
    assert [moment for _, moment in await where(fresh)] == [young]


async def longest_insert_s(pool: Pool, done: asyncio.Event) -> float:
    """Inserts a line again and again until ``done``; how long the slowest took."""
    longest, number = 0.0, 0
    while not done.is_set():
        began = time.monotonic()
        await add(pool, NOW + timedelta(seconds=number))
        longest, number = max(longest, time.monotonic() - began), number + 1
    return longest


async def test_a_backup_stalls_neither_writers_nor_anything_for_long(
    fresh: Pool, backup: Callable[[], Awaitable[None]]
) -> None:
    await HistoryMonths(fresh, retention_days=0).keep(datetime(2026, 8, 15, tzinfo=UTC))
    await HistoryMonths(fresh, retention_days=0).keep(NOW)
    await backup()
    done = asyncio.Event()
    inserting = asyncio.create_task(longest_insert_s(fresh, done))
    before = await months(fresh)
    for now in (NOW, datetime(2026, 12, 1, tzinfo=UTC)):  # one to drop; one to make, too
        with pytest.raises(asyncpg.LockNotAvailableError):
            await HistoryMonths(fresh, retention_days=60).keep(now)
    assert await months(fresh) == before
    done.set()
    assert await inserting < 1.0


async def test_a_long_query_of_this_month_stalls_writers_half_a_second(fresh: Pool, database_url: str) -> None:
    await HistoryMonths(fresh, retention_days=0).keep(datetime(2026, 8, 15, tzinfo=UTC))
    await HistoryMonths(fresh, retention_days=0).keep(NOW)
    reader = await asyncpg.connect(database_url)
    await reader.execute("BEGIN")
    await reader.execute("LOCK TABLE ONLY history IN ACCESS SHARE MODE")
    done = asyncio.Event()
    inserting = asyncio.create_task(longest_insert_s(fresh, done))
    with pytest.raises(asyncpg.LockNotAvailableError):
        await HistoryMonths(fresh, retention_days=60).keep(NOW)
    done.set()
    assert await inserting < 1.0
    await reader.close()
    await HistoryMonths(fresh, retention_days=60).keep(NOW)
    assert (await months(fresh))[0] == "history_2026_09"


async def test_what_a_rollup_had_detached_when_it_died_is_dropped_and_what_others_detached_is_not(fresh: Pool) -> None:
    await HistoryMonths(fresh, retention_days=0).keep(datetime(2020, 1, 15, tzinfo=UTC))
    for name, renamed in (("history_2020_01", "history_2020_01_detached"), ("history_2020_02", "history_2020_02")):
        await fresh.execute(f"ALTER TABLE history DETACH PARTITION {name}")
        if renamed != name:
            await fresh.execute(f"ALTER TABLE {name} RENAME TO {renamed}")
    await HistoryMonths(fresh, retention_days=60).keep(NOW)
    left = await fresh.fetch("SELECT relname FROM pg_class WHERE relname ~ '^history_2020.*[0-9d]$' AND relkind = 'r'")
    assert [row["relname"] for row in left] == ["history_2020_02"]
    await fresh.execute("DROP TABLE history_2020_02")


async def test_a_month_that_somebody_detached_is_said_and_left(fresh: Pool, caplog: pytest.LogCaptureFixture) -> None:
    await HistoryMonths(fresh, retention_days=0).keep(NOW)
    await fresh.execute("ALTER TABLE history DETACH PARTITION history_2026_12")
    await HistoryMonths(fresh, retention_days=0).keep(NOW)
    assert "a month of history is detached" in caplog.text
    await fresh.execute("DROP TABLE history_2026_12")


async def test_without_retention_everything_is_kept(fresh: Pool) -> None:
    await HistoryMonths(fresh, retention_days=0).keep(datetime(2020, 1, 1, tzinfo=UTC))
    await HistoryMonths(fresh, retention_days=0).keep(NOW)
    assert "history_2020_01" in await months(fresh)


async def test_run_looks_at_once(fresh: Pool) -> None:
    looking = asyncio.create_task(HistoryMonths(fresh, retention_days=0).run())
    await eventually(lambda: has_months(fresh))
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def has_months(pool: Pool) -> bool:
    return len(await months(pool)) == 4
