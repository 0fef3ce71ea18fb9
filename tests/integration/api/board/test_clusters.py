"""GET /v1/board/clusters: a map of more stations than a board holds."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from api.board import answers
from shared.stores.postgres import Pool
from tests.integration.api.served import READ, Api, bearer

PATH = "/v1/board/clusters"
EUROPE = f"{PATH}?bbox=-10,35,30,70"
_STATION = "INSERT INTO stations (id, name, latitude, longitude, status, health) VALUES ($1, $1, $2, $3, $4, $5)"


@pytest.fixture(autouse=True)
async def stations(pool: Pool) -> None:
    await pool.executemany(
        _STATION,
        [
            ("Berlin", 52.52, 13.41, "AVAILABLE", "OK"),
            ("Potsdam", 52.39, 13.06, "FAULTED", "DOWN"),
            ("Paris", 48.85, 2.35, "OCCUPIED", "DEGRADED"),
            ("Suva", -18.1, 178.4, "AVAILABLE", "OK"),
            ("Apia", -13.8, -171.8, "AVAILABLE", "OK"),
            ("East", 0.0, 180.0, "AVAILABLE", "OK"),
            ("Pole", 90.0, 0.0, "UNKNOWN", "UNKNOWN"),
            ("Nowhere", None, None, "AVAILABLE", "OK"),
        ],
    )


async def test_what_is_near_is_one_cluster_and_who_is_alone_is_told(api: Api) -> None:
    answer = await api.client.get(f"{EUROPE}&zoom=3", headers=bearer(READ))
    found = msgspec.json.decode(answer.content, type=answers.ClustersDocument)
    assert list(found.stations.id) == ["Paris"]
    assert list(found.clusters.count) == [2]
    assert dict(zip(found.legend.health, found.clusters.health[0], strict=True)) == {
        "OK": 1, "DEGRADED": 0, "DOWN": 1, "UNKNOWN": 0,
    }  # fmt: skip
    assert dict(zip(found.legend.status, found.clusters.status[0], strict=True))["FAULTED"] == 1
    assert found.clusters.latitude[0] == pytest.approx(52.455)
    closer = (await api.client.get(f"{EUROPE}&zoom=7")).json()
    assert closer["stations"]["id"] == ["Potsdam", "Paris", "Berlin"]
    assert closer["clusters"]["count"] == []


async def test_every_station_with_a_place_is_somewhere_on_the_globe(api: Api) -> None:
    for zoom in (0, 2, 5, 20):
        found = (await api.client.get(f"{PATH}?bbox=-180,-90,180,90&zoom={zoom}")).json()
        assert len(found["stations"]["id"]) + sum(found["clusters"]["count"]) == 7, zoom


async def test_a_box_over_the_antimeridian_has_both_sides(api: Api) -> None:
    found = (await api.client.get(f"{PATH}?bbox=170,-30,-160,10&zoom=5")).json()
    assert sorted(found["stations"]["id"]) == ["Apia", "East", "Suva"]


async def test_stations_at_one_place_are_told_apart_when_close(api: Api, pool: Pool) -> None:
    await pool.execute(_STATION, "Beside", 52.52, 13.41, "AVAILABLE", "OK")
    close = (await api.client.get(f"{PATH}?bbox=13.40,52.51,13.42,52.53&zoom=17")).json()
    assert sorted(close["stations"]["id"]) == ["Berlin", "Beside"]
    less = (await api.client.get(f"{PATH}?bbox=13.40,52.51,13.42,52.53&zoom=16")).json()
    assert less["clusters"]["count"] == [2]


async def test_it_is_a_second_old_at_most_and_304_while_nothing_changes(build: Callable[..., Api], pool: Pool) -> None:
    now = 0.0
    api = build(clock=lambda: now)
    first = await api.client.get(f"{EUROPE}&zoom=3")
    assert first.headers["etag"]
    await pool.execute("UPDATE stations SET health = 'OK' WHERE id = 'Paris'")
    held = {"If-None-Match": first.headers["etag"]}
    again = await asyncio.gather(*(api.client.get(f"{EUROPE}&zoom=3", headers=held) for _ in range(5)))
    assert {answer.status_code for answer in again} == {304}
    now = 1.0
    changed = await api.client.get(f"{EUROPE}&zoom=3", headers=held)
    assert changed.status_code == 200
    assert changed.json()["stations"]["health"] == [0]


@pytest.mark.parametrize(
    "asked", ["", "?zoom=3", "?bbox=1,2,3,4", "?bbox=1,2,3&zoom=3", "?bbox=1,2,3,4&zoom=21", "?bbox=1,2,3,4&zoom=-1"]
)
async def test_what_is_no_part_of_a_map_is_refused(api: Api, asked: str) -> None:
    assert (await api.client.get(PATH + asked)).status_code == 422
