"""GET /v1/stations and /v1/charge-points: filters, pages, cursors."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.words import instant
from tests.integration.api.served import Api
from tests.integration.api.stations.listed import at, ids, pages


async def test_a_list_has_the_documents_themselves(api: Api) -> None:
    await api.station("S1", "CP1")
    await api.rolled_up("CP1", "AVAILABLE", "FAULTED")
    station = (await api.client.get("/v1/stations/S1")).content
    charge_point = (await api.client.get("/v1/charge-points/CP1")).content
    expanded = await api.client.get("/v1/stations?expand=charge_points")
    assert expanded.content == b'{"items":[' + station + b'],"next_cursor":null}'
    assert (
        await api.client.get("/v1/charge-points")
    ).content == b'{"items":[' + charge_point + b'],"next_cursor":null}'
    (item,) = (await api.client.get("/v1/stations")).json()["items"]
    assert item == {name: value for name, value in expanded.json()["items"][0].items() if name != "charge_points"}


async def test_an_empty_list_is_a_page(api: Api) -> None:
    assert (await api.client.get("/v1/stations")).json() == {"items": [], "next_cursor": None}


async def test_link_leads_through_all_pages_under_the_same_filters(api: Api) -> None:
    names = [f"S{n:02}" for n in range(7)]
    for name in names:
        await api.station(name)
    found = await pages(api, "/v1/stations?limit=3&status=UNKNOWN&q=s&status=FAULTED")
    assert [item["id"] for item in found] == names
    exact = await api.client.get("/v1/stations?limit=7")
    assert exact.json()["next_cursor"] is None
    assert "Link" not in exact.headers


async def test_pages_miss_and_repeat_nothing_while_the_list_changes(api: Api) -> None:
    await api.station("S1", "b", "D", "f", "H")
    first = await api.client.get("/v1/charge-points?limit=2")
    assert [item["id"] for item in first.json()["items"]] == ["b", "D"]
    for new in ("A", "c", "E"):
        await api.client.post("/v1/stations/S1/charge-points", json={"id": new})
    await api.client.delete("/v1/charge-points/D")
    second = await api.client.get("/v1/charge-points", params={"limit": 2, "cursor": first.json()["next_cursor"]})
    assert [item["id"] for item in second.json()["items"]] == ["E", "f"]
    assert await ids(api, second.links["next"]["url"]) == ["H"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("cursor=nonsense", "cursor"),
        ("status=available", "status.0"),
        ("near=1", "near"),
        ("near=91,0", "near"),
        ("near=nan,0", "near"),
        ("near=1,2&radius_m=0", "radius_m"),
        ("near=1,2&radius_m=100001", "radius_m"),
        ("near=1,2&radius_m=inf", "radius_m"),
        ("radius_m=5", "radius_m"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=1,2,3,91", "bbox"),
        ("bbox=1,3,2,2", "bbox"),
        ("connectivity=online", "connectivity.0"),
        ("sort=-updated_at", "sort"),
        ("colour=red", "colour"),
        ("q=", "q"),
        ("q=%00", "q"),
        ("operative=maybe", "operative"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/stations", "/v1/charge-points"])
async def test_a_parameter_that_is_wrong_or_unknown_is_named(api: Api, path: str, query: str, field: str) -> None:
    answer = await api.client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_cursor_of_the_other_list_is_refused(api: Api) -> None:
    await api.station("S1", "CP1", "CP2")
    cursor = (await api.client.get("/v1/charge-points?limit=1")).json()["next_cursor"]
    assert (await api.client.get("/v1/stations", params={"cursor": cursor})).status_code == 422


@pytest.mark.parametrize(
    "how", ["", "&sort=name", "&near=0.5,0.5&radius_m=100000", "&q=s", "&bbox=0,0,1,1", "&status=UNKNOWN"]
)
@given(data=st.data())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_pages_visit_what_stays_once_whatever_else_happens(api: Api, how: str, data: st.DataObject) -> None:
    await api.pool.execute("TRUNCATE stations, charge_points, reports, unpublished, intents, audit CASCADE")
    numbers = data.draw(st.lists(st.integers(0, 99), min_size=1, max_size=12, unique=True))
    staying = {f"s{n}" for n in numbers}
    for n in numbers:
        await at(api, f"s{n}", n % 7 / 10, n % 5 / 10, name=f"S {n % 3} ä\u00a0{n % 2}")
    await api.client.post(f"/v1/stations/s{numbers[0]}/charge-points", json={"id": "CP1"})
    seen, url = [], f"/v1/stations?limit={data.draw(st.integers(1, 4))}{how}"
    while url:
        answer = await api.client.get(url)
        assert answer.status_code == 200, answer.text
        seen += [item["id"] for item in answer.json()["items"]]
        assert len(seen) < 1000, "pages without an end"
        url = answer.links["next"]["url"] if "next" in answer.links else ""
        match data.draw(st.sampled_from(["appears", "vanishes", "changes", "nothing"])):
            case "appears":
                await at(api, f"s-new-{data.draw(st.integers(0, 99))}", 0.5, 0.5)
            case "vanishes":
                await api.client.delete(f"/v1/stations/s-new-{data.draw(st.integers(0, 99))}")
            case "changes":
                await api.rolled_up("CP1", "UNKNOWN", connectivity=data.draw(st.sampled_from(["ONLINE", "OFFLINE"])))
    assert len(seen) == len(set(seen))
    assert staying <= set(seen)


async def test_a_poller_asks_for_what_has_changed_since(api: Api) -> None:
    await api.station("S1", "CP1")
    await api.station("S2", "CP2")
    await api.pool.execute("UPDATE stations SET updated_at = now() - interval '1 hour'")
    await api.pool.execute("UPDATE charge_points SET updated_at = now() - interval '1 hour'")
    since = instant.to_text(time.time_ns() // 1_000_000 - 60_000)
    assert await ids(api, f"/v1/stations?updated_since={since}") == []
    assert await ids(api, f"/v1/charge-points?updated_since={since}") == []
    await api.client.patch("/v1/charge-points/CP2", json={"registration": "PENDING"})
    await api.client.put("/v1/charge-points/CP1/availability", json={"operative": False})
    await api.pool.execute("UPDATE stations SET updated_at = now() - interval '1 hour' WHERE id = 'S1'")
    assert await ids(api, f"/v1/stations?updated_since={since}") == ["S2"]
    assert await ids(api, f"/v1/stations?updated_since={since}&status=UNKNOWN&sort=name") == ["S2"]
    assert await ids(api, f"/v1/charge-points?updated_since={since}") == ["CP1", "CP2"]
    assert await ids(api, f"/v1/charge-points?updated_since={since}&operative=false") == ["CP1"]


async def test_counts_are_there_when_asked_for(api: Api) -> None:
    for n in range(3):
        await api.station(f"S{n}", f"CP{n}")
    assert "total" not in (await api.client.get("/v1/stations")).json()
    await at(api, "far", 0.5, 0.5)
    for query, total in {
        "operative=true": 4, "status=UNKNOWN&status=FAULTED": 4, "status=FAULTED": 0, "q=s": 3, "q=s&status=UNKNOWN": 3,
        "near=0.5,0.5": 1, "sort=name": 4, "connectivity=NEVER": 3,
    }.items():  # fmt: skip
        answer = await api.client.get(f"/v1/stations?{query}&count=true&limit=1")
        first = answer.json()
        assert answer.status_code == 200, (query, first)
        assert first["total"] == total, query
        if first["next_cursor"]:
            rest = (await api.client.get(f"/v1/stations?{query}&count=true&cursor={first['next_cursor']}")).json()
            assert rest["total"] == total, query
