"""Who comes without a token waits for others like him, and for no one else's turn."""

import asyncio
import json

import pytest

from api.http.problems import Unavailable
from api.public import shown
from api.public.shown import AT_ONCE, KEPT_S, MOST, Stations
from shared.stores.hot import Hot

AT = "2026-01-01T00:00:00.000Z"


class Store:
    """Documents that come when ``open`` is set."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.age_s: int | None = None

    async def read(self, station_id: str) -> Hot:
        self.asked.append(station_id)
        await self.open.wait()
        document: dict[str, object] = {
            "name": station_id,
            "address": None,
            "status": "AVAILABLE",
            "since": AT,
            "charge_points": [],
        }
        return Hot('"1"', json.dumps(document).encode(), self.age_s)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def behind() -> list[int]:
    return [0]


@pytest.fixture
def stations(store: Store, clock: list[float], behind: list[int]) -> Stations:
    return Stations(store.read, lambda: clock[0], lambda: 1_767_225_600_000, lambda: behind[0])


async def test_who_comes_together_is_answered_by_one_read(stations: Stations, store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(stations.shown(id_)) for id_ in ("S1", "s1") * 20]
        await asyncio.sleep(0)
        store.open.set()
    assert len({task.result() for task in tasks}) == 1 < len(tasks)
    assert len(store.asked) <= AT_ONCE


async def test_a_few_read_at_a_time_and_the_others_are_told_to_come_again(
    stations: Stations, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "WAIT_S", 0.05)
    tasks = [asyncio.create_task(stations.shown(f"S{n}")) for n in range(20)]
    await asyncio.sleep(0)
    assert len(store.asked) == AT_ONCE
    assert {type(one) for one in await asyncio.gather(*tasks, return_exceptions=True)} == {Unavailable}
    store.open.set()
    assert (await stations.shown("S1")).age_s is None


async def test_what_is_known_needs_no_turn(stations: Stations, store: Store) -> None:
    store.open.set()
    await stations.shown("S0")
    store.open.clear()
    async with asyncio.TaskGroup() as group:
        for n in range(1, 2 * AT_ONCE):
            group.create_task(stations.shown(f"S{n}"))
        await asyncio.sleep(0)
        known = group.create_task(stations.shown("s0"))
        await asyncio.sleep(0)
        assert known.done()
        store.open.set()


async def test_a_rollup_that_lags_shows_what_was(stations: Stations, store: Store, behind: list[int]) -> None:
    store.open.set()
    behind[0] = 130
    assert b'As of <time datetime="2025-12-31T23:57Z">' in (await stations.shown("S0")).html


async def test_what_was_shown_is_forgotten(stations: Stations, store: Store, clock: list[float]) -> None:
    store.open.set()
    for n in range(MOST + 1):
        await stations.shown(f"S{n}")
    for n in (MOST, 1):
        await stations.shown(f"S{n}")
    assert len(store.asked) == MOST + 1
    await stations.shown("S0")
    assert len(store.asked) == MOST + 2
    clock[0] += KEPT_S
    store.age_s = 600
    assert (await stations.shown("S0")).age_s == 600
    await stations.shown("another")
    asked = len(store.asked)
    await stations.shown("S0")
    assert len(store.asked) == asked, "the newest stays, however old its name"
    assert b'As of <time datetime="2025-12-31T23:50Z">' in (await stations.shown("S0")).html
