"""GET /v1/stations and /v1/charge-points: filters, pages, cursors."""

from typing import Any

import pytest

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
        url = answer.links["next"]["url"] if "next" in answer.links else ""
        assert bool(url) == (answer.json()["next_cursor"] is not None)
    return items


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
        "q=X3": ["x3"],
        "q=%25": [],
    }.items():
        assert await ids(api, f"/v1/charge-points?{query}") == expected, query


async def test_filters_of_stations(api: Api) -> None:
    await api.station("S1", "CP1")
    await api.station("S2", "CP2")
    await api.station("main")
    await api.rolled_up("CP1", "AVAILABLE", "FAULTED")
    await api.rolled_up("CP2", "OCCUPIED", operative=False)
    for query, expected in {
        "status=AVAILABLE": ["S1"],
        "health=DEGRADED&status=AVAILABLE": ["S1"],
        "health=DEGRADED&status=OCCUPIED": [],
        "operative=false": ["S2"],
        "operative=true": ["S1", "main"],
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
        ("a_1", False),
        ("a%", False),
        ("'", False),
    ],
)
async def test_q_begins_the_id_or_a_word(api: Api, q: str, found: bool) -> None:
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
        ("near=1,2", "near"),
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
