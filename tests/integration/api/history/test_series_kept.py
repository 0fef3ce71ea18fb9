"""GET /v1/stats/series by the minutes that a rollup keeps: the same points as by counting all of history."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from ingest.rollup.upkeep.series_minutes import SETTLED, SeriesMinutes
from shared.words import instant
from tests.integration.api.recorded import Recorded, minute
from tests.integration.api.served import Api

NOW = 95.6


@pytest.fixture
def api(build: Callable[..., Api]) -> Api:
    return build(now=lambda: instant.from_datetime(minute(NOW)))


@pytest.fixture
async def recorded(api: Api) -> Recorded:
    await api.pool.execute("TRUNCATE history, series_minutes")
    return Recorded(api.pool)


async def points(api: Api, query: str) -> list[dict[str, Any]]:
    answer = await api.client.get(f"/v1/stats/series{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["points"]
    return found


async def kept(api: Api, number: float) -> None:
    keeping = SeriesMinutes(api.pool)
    while await keeping.keep(minute(number) + SETTLED):
        pass


async def happened(api: Api, recorded: Recorded, chance: random.Random, start: int, end: int) -> None:
    for number in range(start, end, 2):
        one = f"CP{number}"
        await api.pool.execute("INSERT INTO charge_points (id) VALUES ($1)", one)
        await recorded.created(one, number)
        for _ in range(4):
            other = f"CP{chance.randrange(start, number + 1) // 2 * 2}"
            word = chance.choice(["Available", "Charging", "Odd"])
            await recorded.status(other, number + chance.random(), word, chance.randrange(1, 3))
        await recorded.connectivity(one, number + 1 + chance.random(), chance.choice(["ONLINE", "OFFLINE"]))
        if chance.random() < 0.2:
            await recorded.deleted(one, number + 1.5)


@pytest.mark.parametrize("seed", range(3))
async def test_kept_minutes_give_the_points_of_a_whole_count(api: Api, recorded: Recorded, seed: int) -> None:
    chance = random.Random(seed)
    await happened(api, recorded, chance, 0, 80)
    await kept(api, 80)
    await happened(api, recorded, chance, 80, 95)
    queries = [
        "?from=2026-03-01T08:10:00Z&step=1m",
        "?from=2026-03-01T08:10:00Z&step=7m",
        "?from=2026-03-01T08:10:00Z&to=2026-03-01T09:00:00Z&step=10m",
        "?from=2026-03-01T09:25:00Z&step=1m",
        "?from=2026-03-01T08:10:30Z&step=5m",
        "?from=2026-03-01T07:00:00Z&step=5m",
        "",
    ]
    found = [await points(api, query) for query in queries]
    await api.pool.execute("TRUNCATE series_minutes")
    for query, one in zip(queries, found, strict=True):
        assert str(one) == str(await points(api, query)), query


async def test_points_do_come_from_the_kept_minutes(api: Api, recorded: Recorded) -> None:
    await happened(api, recorded, random.Random(1), 0, 90)
    await kept(api, 90)
    await api.pool.execute("UPDATE series_minutes SET connectors = jsonb_set(connectors, '{FAULTED}', '7')")
    assert {one["connectors"]["FAULTED"] for one in await points(api, "?from=2026-03-01T08:10:00Z&step=5m")} == {7}


async def test_minutes_that_are_old_are_not_gone_on_from(api: Api, recorded: Recorded) -> None:
    await happened(api, recorded, random.Random(1), 0, 30)
    await kept(api, 30)
    await api.pool.execute("UPDATE series_minutes SET connectors = jsonb_set(connectors, '{FAULTED}', '7')")
    assert {one["connectors"]["FAULTED"] for one in await points(api, "?from=2026-03-01T08:10:00Z&step=5m")} == {0}
