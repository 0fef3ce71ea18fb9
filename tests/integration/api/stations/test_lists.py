"""GET /v1/stations and /v1/charge-points: filters, pages, cursors."""

import time
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.http.pages import Page
from api.stations import answers, selects
from shared.words import instant
from tests.integration.api.served import Api


async def ids(api: Api, url: str) -> list[str]:
    answer = await api.client.get(url)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def pages(api: Api, url: str) -> list[dict[str, Any]]:
    """All items, by following Link."""
    items = []
    while url:
        answer = await api.client.get(url)
        items += answer.json()["items"]
        assert len(items) < 1000, "pages without an end"
        url = answer.links["next"]["url"] if "next" in answer.links else ""
        assert bool(url) == (answer.json()["next_cursor"] is not None)
    return items


async def at(api: Api, station_id: str, latitude: float, longitude: float, name: str = "A") -> None:
    body = {"id": station_id, "name": name, "latitude": latitude, "longitude": longitude}
    assert (await api.client.post("/v1/stations", json=body)).status_code in (201, 409)


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


async def test_filters_of_charge_points(api: Api) -> None:
    await api.station("S1", "CP1", "CP2", "x3")
    await api.rolled_up("CP1", "AVAILABLE")
    await api.rolled_up("CP2", "FAULTED", connectivity="OFFLINE", operative=False)
    for query, expected in {
        "status=AVAILABLE": ["CP1"],
        "status=AVAILABLE&status=UNKNOWN": ["CP1", "x3"],
        "health=DOWN": ["CP2"],
        "connectivity=NEVER": ["x3"],
        "connectivity=OFFLINE&status=FAULTED": ["CP2"],
        "operative=false": ["CP2"],
        "operative=true": ["CP1", "x3"],
        "unassigned=true": [],
        "unassigned=false": ["CP1", "CP2", "x3"],
        "q=cp": ["CP1", "CP2"],
        "q=cp&status=FAULTED": ["CP2"],
        "q=X3": ["x3"],
        "station_id=S1&status=UNKNOWN": ["x3"],
        "station_id=S1": ["CP1", "CP2", "x3"],
        "station_id=S1&q=cp&operative=true": ["CP1"],
        "station_id=S2": [],
        "q=%25": [],
    }.items():
        assert await ids(api, f"/v1/charge-points?{query}") == expected, query


async def test_filters_of_stations(api: Api) -> None:
    await api.station("S1", "CP1")
    await api.station("S2", "CP2")
    await api.station("main")
    await api.station("new", "CP3")
    await api.rolled_up("CP1", "AVAILABLE", "FAULTED")
    await api.rolled_up("CP2", "OCCUPIED", operative=False)
    for query, expected in {
        "status=AVAILABLE": ["S1"],
        "health=DEGRADED&status=AVAILABLE": ["S1"],
        "health=DEGRADED&status=OCCUPIED": [],
        "operative=false": ["S2"],
        "operative=true": ["main", "new", "S1"],
        "connectivity=ONLINE": ["S1", "S2"],
        "connectivity=ONLINE&operative=false": ["S2"],
        "connectivity=NEVER": ["new"],
        "connectivity=OFFLINE": [],
        "connectivity=NEVER&connectivity=ONLINE&status=OCCUPIED": ["S2"],
        "sort=name": ["main", "new", "S1", "S2"],
        "sort=name&status=OCCUPIED": ["S2"],
    }.items():
        assert await ids(api, f"/v1/stations?{query}") == expected, query


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("a-1", True),  # the id, in any case
        ("alex", True),
        ("PLATZ", False),  # not at the beginning of a word
        ("süd", True),
        ("SÜD", True),
        ("10178", True),
        ("Hof (", True),
        ("hof (s", True),
        (".*", False),
        ("\\", False),
        ("a_1", True),  # punctuation does not matter
        ("berlin alex", True),  # each word somewhere
        ("berlin nowhere", False),
        ("10178'; --", True),
        ("'", False),
        ("&", False),
        ("berlin | nowhere", False),
        (":*", False),
        ("!", False),
    ],
)
async def test_each_word_of_q_begins_a_word(api: Api, q: str, found: bool) -> None:
    body = {"id": "A-1", "name": "Alexanderplatz Hof (Süd)", "address": "Straße 1\n10178 Berlin"}
    assert (await api.client.post("/v1/stations", json=body)).status_code == 201
    answer = await api.client.get("/v1/stations", params={"q": q})
    assert [item["id"] for item in answer.json()["items"]] == (["A-1"] if found else [])


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


async def test_what_was_renamed_or_deleted_is_found_as_it_is_now(api: Api) -> None:
    await api.station("S1", "CP1")
    await api.client.patch("/v1/stations/S1", json={"name": "Ostbahnhof", "latitude": 1, "longitude": 2})
    assert await ids(api, "/v1/stations?q=ostb") == ["S1"]
    assert await ids(api, "/v1/stations?near=1,2") == ["S1"]
    assert await ids(api, "/v1/charge-points?near=1,2&q=cp") == ["CP1"]
    await api.client.patch("/v1/stations/S1", json={"name": "Westkreuz", "latitude": None, "longitude": None})
    assert await ids(api, "/v1/stations?q=ostb") == await ids(api, "/v1/stations?near=1,2") == []
    await api.client.delete("/v1/stations/S1")
    assert await ids(api, "/v1/stations?q=westk") == await ids(api, "/v1/charge-points?q=cp") == []


async def test_a_charge_point_without_a_station_is_unassigned(api: Api) -> None:
    await api.station("S1", "CP1", "CP2")
    await api.client.patch("/v1/charge-points/CP1", json={"station_id": None})
    assert await ids(api, "/v1/charge-points?unassigned=true") == ["CP1"]
    assert await ids(api, "/v1/charge-points?unassigned=false") == ["CP2"]


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


async def test_words_that_many_have_and_words_that_few_have_give_the_same_order(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(9):
        await at(api, f"s{n}", n / 10, 0, name="Nord" if n % 2 else "Süd")
    for few in (1000, 3):
        monkeypatch.setattr(selects, "FEW", few)
        assert [item["id"] for item in await pages(api, "/v1/stations?q=s&limit=2")] == [f"s{n}" for n in range(9)]
        assert [item["id"] for item in await pages(api, "/v1/stations?q=nord&limit=3")] == ["s1", "s3", "s5", "s7"]
        assert await ids(api, "/v1/stations?q=nowhere") == []


async def test_charge_points_are_found_by_what_they_are(api: Api) -> None:
    await api.station("S1", "CP1", "CP2", "x3")
    for id_, vendor, model, firmware, protocol in (
        ("CP1", "ABB", "Terra", "1.0", "ocpp1.6"),
        ("CP2", "ABB", "Terra", "2.0", "ocpp2.0.1"),
        ("x3", "Alfen", "Eve", "2.0", "ocpp1.6"),
    ):
        await api.pool.execute(
            "UPDATE charge_points SET vendor = $2, model = $3, firmware = $4, protocol = $5 WHERE id = $1",
            id_, vendor, model, firmware, protocol,
        )  # fmt: skip
    await api.client.patch("/v1/charge-points/x3", json={"registration": "PENDING"})
    await api.rolled_up("CP1", "AVAILABLE")
    await api.rolled_up("CP2", "FAULTED", operative=False)
    await api.pool.execute(
        "INSERT INTO reports (charge_point_key, evse_id, connector_id, reported, error_code, since, event_time, "
        "received_at, epoch, sequence) SELECT key, 1, 1, 'Faulted', 'GroundFailure', now(), now(), now(), 1, 1 "
        "FROM charge_points WHERE id = 'CP2'"
    )
    await api.pool.execute("UPDATE charge_points SET flapping = id <> 'CP1', stuck = id = 'CP2'")
    for few in (1000, 0):  # by the rows that have it, and along the rows that are in order
        selects.FEW, before = few, selects.FEW
        try:
            for query, expected in {
                "vendor=abb": ["CP1", "CP2"],
                "vendor=AB": [],
                "model=EVE": ["x3"],
                "firmware=2.0": ["CP2", "x3"],
                "vendor=ABB&firmware=2.0": ["CP2"],
                "vendor=ABB&status=FAULTED": ["CP2"],
                "vendor=ABB&status=FAULTED&status=AVAILABLE&operative=true": ["CP1"],
                "vendor=Alfen&status=FAULTED": [],
                "protocol=ocpp1.6": ["CP1", "x3"],
                "protocol=ocpp1.6&protocol=ocpp2.0.1&q=cp": ["CP1", "CP2"],
                "registration=PENDING": ["x3"],
                "registration=ACCEPTED&vendor=alfen": [],
                "error_code=GroundFailure": ["CP2"],
                "flapping=true": ["CP2", "x3"],
                "flapping=true&status=FAULTED": ["CP2"],
                "flapping=true&stuck=false": ["x3"],
                "flapping=false": ["CP1"],
                "stuck=true": ["CP2"],
                "stuck=true&vendor=alfen": [],
                "error_code=GroundFailure&vendor=abb&station_id=S1": ["CP2"],
                "error_code=NoError": [],
                "updated_since=2020-01-01T00:00:00Z&vendor=alfen": ["x3"],
                "updated_since=2199-01-01T00:00:00Z": [],
            }.items():
                assert await ids(api, f"/v1/charge-points?{query}") == expected, (few, query)
                paged = await pages(api, f"/v1/charge-points?{query}&limit=1")
                assert [one["id"] for one in paged] == expected, (few, query)
                counted = (await api.client.get(f"/v1/charge-points?{query}&count=true&limit=1")).json()
                assert counted["total"] == len(expected), (few, query)
        finally:
            selects.FEW = before


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


async def test_what_many_are_is_walked_by_the_state_that_is_wanted(api: Api) -> None:
    rows = "".join(f"S{n // 10},A,CP{n}\n" for n in range(3000))
    file = f"station_id,station_name,charge_point_id\n{rows}"
    assert (await api.client.post("/v1/import", content=file, headers={"Content-Type": "text/csv"})).status_code == 200
    await api.pool.execute("ANALYZE charge_points, charge_point_search")
    took, url = [], "/v1/charge-points?registration=ACCEPTED&connectivity=NEVER&limit=10"
    for _ in range(3):
        began = time.perf_counter()
        answer = await api.client.get(url)
        took.append(time.perf_counter() - began)
        assert len(answer.json()["items"]) == 10
        url = answer.links["next"]["url"]
    assert min(took) < 0.3, "each probe goes through all charge points"
