"""Minutes that are kept say what a whole count says, whatever comes late, is made or deleted."""

import math
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from ingest.rollup.upkeep.series_minutes import SETTLED, SeriesMinutes
from shared.stores import minutes, postgres
from shared.stores.minutes import Counts
from shared.stores.postgres import Pool
from tests.integration.api.recorded import Recorded, minute

WORDS = ["Available", "Charging", "Faulted", "Odd"]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with postgres.pool(database_url, size=3, name="test") as opened:
        await opened.execute("TRUNCATE stations, charge_points, reports, history, series_minutes CASCADE")
        yield opened


@pytest.fixture
def recorded(pool: Pool) -> Recorded:
    return Recorded(pool)


async def whole(pool: Pool, start: datetime, end: datetime) -> list[Counts]:
    steps = (end - start) // timedelta(minutes=1)
    async with pool.acquire() as connection:
        return minutes.counts_at(Counts.none(), await minutes.moves(connection, start, end, 60, None), steps)


async def kept(pool: Pool) -> dict[datetime, Counts]:
    rows = await pool.fetch("SELECT * FROM series_minutes ORDER BY at")
    return {row["at"]: Counts(row["connectors"], row["charge_points"]) for row in rows}


async def kept_to(keeping: SeriesMinutes, number: float) -> None:
    while await keeping.keep(minute(number) + SETTLED):
        pass


async def is_so(pool: Pool) -> None:
    found = await kept(pool)
    first, last = min(found), max(found)
    wanted = await whole(pool, first, last)
    for number, counts in enumerate(wanted, start=1):
        assert found[first + timedelta(minutes=number)] == counts, first + timedelta(minutes=number)


async def made(recorded: Recorded, charge_point_id: str, at: float) -> None:
    await recorded.pool.execute("INSERT INTO charge_points (id) VALUES ($1)", charge_point_id)
    await recorded.created(charge_point_id, at)


@pytest.mark.parametrize("seed", range(6))
async def test_minutes_are_what_a_whole_count_gives(pool: Pool, recorded: Recorded, seed: int) -> None:
    chance = random.Random(seed)
    living: dict[str, float] = {}
    keeping = SeriesMinutes(pool)
    for now in range(0, 90, 3):
        for at in sorted(now + 3 * chance.random() for _ in range(6)):
            what = chance.random()
            if what < 0.2 or not living:
                one = f"CP{len(living)}-{now}-{at}"
                await made(recorded, one, at)
                living[one] = at
                continue
            one = chance.choice(sorted(living))
            late = chance.random() < 0.1 and at - 40 > living[one]  # a rollup was behind
            if what < 0.25:
                await recorded.deleted(one, at)
                del living[one]
            elif what < 0.5:
                await recorded.connectivity(one, at, chance.choice(["ONLINE", "OFFLINE"]))
            elif late:
                await recorded.status(one, at - 40, "Faulted", 9)
            else:
                flags = ["late"] if chance.random() < 0.1 else []
                await recorded.status(one, at, chance.choice(WORDS), chance.randrange(1, 3), 1, *flags)
        if chance.random() < 0.6:
            await kept_to(keeping, now + 3)
    await kept_to(SeriesMinutes(pool), 90)
    await is_so(pool)


async def test_lines_that_come_later_are_counted(pool: Pool, recorded: Recorded) -> None:
    await made(recorded, "CP1", -10)
    await recorded.status("CP1", 1.5, "Available")
    keeping = SeriesMinutes(pool)
    await kept_to(keeping, 100)
    before = await kept(pool)
    await recorded.status("CP1", 30.5, "Charging")
    await kept_to(keeping, 101)
    found = await kept(pool)
    assert found[minute(30)] == before[minute(30)]
    assert (found[minute(31)].connectors["OCCUPIED"], found[minute(101)].connectors["OCCUPIED"]) == (1, 1)
    await is_so(pool)


async def test_nothing_is_counted_while_the_log_is_far_behind(pool: Pool, recorded: Recorded) -> None:
    await made(recorded, "CP1", -10)
    await recorded.status("CP1", 1.5, "Available")
    days = 3 * 24 * 60
    lags_s: list[float | None] = [10.0, 2 * 86_400.0, math.inf, None]
    await kept_to(SeriesMinutes(pool), 10)
    keeping = SeriesMinutes(pool, lambda: lags_s[-1])
    while len(lags_s) > 1:
        await kept_to(keeping, days)
        lags_s.pop()
    await recorded.status("CP1", 30.5, "Charging")  # what the log has since a backup
    await kept_to(keeping, days)
    found = await kept(pool)
    assert [found[minute(number)].connectors["OCCUPIED"] for number in (30, 31, days)] == [0, 1, 1]


async def test_a_place_that_was_forgotten_leaves_with_the_next_whole_count(pool: Pool, recorded: Recorded) -> None:
    await made(recorded, "CP1", -10)
    await recorded.status("CP1", 1.5, "Available")
    await kept_to(SeriesMinutes(pool), 100)
    await pool.execute("DELETE FROM reports")
    await kept_to(SeriesMinutes(pool), 101)
    found = await kept(pool)
    assert (found[minute(99)].connectors["AVAILABLE"], found[minute(101)].connectors["AVAILABLE"]) == (1, 0)


async def test_what_was_committed_late_is_counted_within_an_hour(pool: Pool, recorded: Recorded) -> None:
    await made(recorded, "CP1", -10)
    await recorded.status("CP1", 1.5, "Available")
    keeping = SeriesMinutes(pool)
    await kept_to(keeping, 10)
    await made(recorded, "CP2", 8.5)
    await recorded.connectivity("CP2", 11.5, "ONLINE")
    await kept_to(keeping, 71)
    assert (await kept(pool))[minute(71)].charge_points == {"ONLINE": 1, "OFFLINE": 0, "NEVER": 1}
    await recorded.deleted("CP1", 69.5)
    await kept_to(keeping, 132)
    counts = (await kept(pool))[minute(132)]
    assert (counts.connectors["AVAILABLE"], sum(counts.charge_points.values())) == (0, 1)


async def test_one_rollup_counts_at_a_time(pool: Pool, recorded: Recorded) -> None:
    await made(recorded, "CP1", -10)
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetchval("SELECT pg_advisory_xact_lock(7584928467101325)")
        assert not await SeriesMinutes(pool).keep(minute(50))
    assert await kept(pool) == {}
