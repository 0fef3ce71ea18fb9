"""Lists around a point and within a box."""

import msgspec

from api.http.pages import Page
from api.stations import answers
from tests.integration.api.served import Api
from tests.integration.api.stations.listed import at, ids, pages


async def test_near_sorts_by_distance_and_says_it(api: Api) -> None:
    for name, latitude, longitude in (
        ("far", 52.6, 13.4),
        ("b", 52.5209, 13.4),
        ("a", 52.5209, 13.4),
        ("here", 52.52, 13.4),
    ):
        await at(api, name, latitude, longitude)
    await api.client.post("/v1/stations/b/charge-points", json={"id": "CP1"})
    found = (await api.client.get("/v1/stations?near=52.52,13.4")).json()["items"]
    assert [(item["id"], item["distance_m"]) for item in found] == [("here", 0), ("a", 100.1), ("b", 100.1)]
    paged = await pages(api, "/v1/stations?near=52.52,13.4&radius_m=10000&limit=1")
    assert [item["id"] for item in paged] == ["here", "a", "b", "far"]
    assert await ids(api, "/v1/stations?near=52.52,13.4&radius_m=100") == ["here"]
    (item,) = (await api.client.get("/v1/charge-points?near=52.52,13.4")).json()["items"]
    assert (item.pop("distance_m"), item) == (100.1, (await api.client.get("/v1/charge-points/CP1")).json())
    expanded = (await api.client.get("/v1/stations?near=52.52,13.4&expand=charge_points")).json()
    msgspec.convert(expanded, Page[answers.ListedStation])
    assert len(expanded["items"][2]["charge_points"]) == 1


async def test_near_is_a_circle(api: Api) -> None:
    await at(api, "corner", 52.5208, 13.4013)  # 89 m north and 88 m east
    assert await ids(api, "/v1/stations?near=52.52,13.4&radius_m=100") == []
    assert await ids(api, "/v1/stations?near=52.52,13.4&radius_m=130") == ["corner"]


async def test_near_and_bbox_know_the_antimeridian_and_the_poles(api: Api) -> None:
    for name, latitude, longitude in (
        ("fiji-w", -17, 179.999),
        ("fiji-e", -17, -179.999),
        ("pole", 89.99, 90),
        ("zero", 0, 0),
    ):
        await at(api, name, latitude, longitude)
    assert await ids(api, "/v1/stations?near=-17,-179.9995") == ["fiji-e", "fiji-w"]
    assert await ids(api, "/v1/stations?near=-17,180") == ["fiji-e", "fiji-w"]
    assert await ids(api, "/v1/stations?near=89.99,-90&radius_m=3000") == ["pole"]
    for bbox, expected in {
        "170,-20,-170,20": ["fiji-e", "fiji-w"],
        "-170,-20,170,20": ["zero"],
        "-180,-90,180,90": ["fiji-e", "fiji-w", "pole", "zero"],
        "0,0,0,0": ["zero"],
        "0.1,-1,1,1": [],
    }.items():
        assert await ids(api, f"/v1/stations?bbox={bbox}") == expected, bbox


async def test_near_goes_without_sort(api: Api) -> None:
    answer = await api.client.get("/v1/stations?near=1,2&sort=name")
    assert [error["field"] for error in answer.json()["errors"]] == ["sort"]
