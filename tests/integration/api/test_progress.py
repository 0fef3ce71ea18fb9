"""How far behind rollups are, as boards are told: seen by what they write."""

import asyncio
from collections.abc import Callable

import pytest

from api.live import progress
from api.live.progress import KEPT_S, Progress, behind
from shared.stores.hot import HotCopy
from shared.stores.postgres import Pool
from tests.integration.api.live.streams import listening, served
from tests.integration.api.served import Api

_LINE = """
    INSERT INTO history (charge_point_key, kind, evse_id, connector_id, reported, event_time, received_at, epoch,
                         sequence)
    SELECT key, 'STATUS', 1, 1, 'Available', at, at, 1, nextval('revisions')
    FROM charge_points, LATERAL (SELECT now() - make_interval(secs => $2) AS at) AS given WHERE id = $1
"""


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
async def looking(api: Api, pool: Pool, copy: HotCopy, now: list[float]) -> Progress:
    """Of two charge points of two partitions, which have changed before."""
    await api.station("S1", "CP1", "CP2")
    await pool.execute("UPDATE charge_points SET log_partition = right(id, 1)::int")
    for one in ("CP1", "CP2"):
        await pool.execute(_LINE, one, 500.0)
    looking = Progress(pool, copy, lambda: now[0])
    await looking.look()
    assert looking.seconds == 0  # of lines that were there nobody knows when they came
    return looking


async def test_lines_that_come_old_are_a_lag(looking: Progress, pool: Pool, now: list[float]) -> None:
    await pool.execute(_LINE, "CP1", 140.0)
    await looking.look()
    assert looking.seconds in (140, 141, 142)
    now[0] += KEPT_S
    await looking.look()
    assert looking.seconds in (140, 141, 142)
    now[0] += 1
    await looking.look()
    assert looking.seconds == 0  # nothing more came


async def test_the_partition_that_is_furthest_behind_counts(looking: Progress, pool: Pool) -> None:
    await pool.execute(_LINE, "CP1", 0.1)
    await looking.look()
    assert looking.seconds == 0
    await pool.execute(_LINE, "CP1", 0.1)
    await pool.execute(_LINE, "CP2", 90.0)
    await looking.look()
    assert looking.seconds in (90, 91, 92)
    await pool.execute(_LINE, "CP2", 0.1)
    await looking.look()
    assert looking.seconds == 0


async def test_an_operators_write_to_a_silent_charger_is_no_lag(looking: Progress, api: Api) -> None:
    answer = await api.client.patch("/v1/charge-points/CP1", json={"registration": "PENDING"})
    assert answer.status_code == 200
    await looking.look()
    assert looking.seconds == 0


async def test_rollups_that_all_stand_still_are_behind(looking: Progress, copy: HotCopy, now: list[float]) -> None:
    await copy.redis.hset("plugwatch:fresh", mapping={"found": await copy.now() - 200_000, "until": 1})
    await looking.look()
    assert looking.seconds in (200, 201, 202)
    await copy.redis.delete("plugwatch:fresh")  # nobody knows since when
    now[0] += KEPT_S + 1
    await looking.look()
    assert looking.seconds == 0


async def test_boards_are_told_and_so_is_who_comes(
    build: Callable[..., Api], pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY_S", 0.1)
    api = build()
    await api.station("S1", "CP1")
    await pool.execute(_LINE, "CP1", 500.0)
    async with served(api) as port, listening(port, "?view=brief") as board, listening(port) as other:
        await asyncio.sleep(0.3)
        await pool.execute(_LINE, "CP1", 60.0)
        await board.until(lambda one: any(told.event == "behind" for told in one.told))
        async with listening(port, "?view=brief") as late:
            await late.until(lambda one: bool(one.told))
            assert late.told[0].event == "behind"
        await pool.execute(_LINE, "CP1", 0.1)
        await board.until(lambda one: one.told[-1].raw == b'{"seconds":0}')
        assert not any(told.event == "behind" for told in other.told)


def test_a_partition_is_as_far_as_its_freshest_line() -> None:
    def line(partition: int, id_: int, age_s: float) -> dict[str, float]:
        return {"partition": partition, "id": id_, "age_s": age_s}

    assert behind([line(1, 5, 300), line(1, 6, 3), line(2, 7, 1)], 4) == 3
    assert behind([line(1, 4, 300)], 4) is None
    assert behind([line(1, 4, 300)], None) is None
    assert behind([], 4) is None
