"""GET /v1/charge-points/{id}/history and /v1/stations/{id}/history."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.history import answers
from api.http.pages import Page
from local.stack import Stack
from tests.integration.api.recorded import Recorded, minute
from tests.integration.api.served import Api

PATHS = ("/v1/charge-points/CP1/history", "/v1/stations/S1/history")


@pytest.fixture
async def recorded(api: Api) -> Recorded:
    await api.pool.execute("TRUNCATE history")
    return Recorded(api.pool)


@pytest.fixture
async def partitioned(api: Api) -> AsyncIterator[None]:
    """Months of March and April, as the rollup makes them."""
    await api.pool.execute("TRUNCATE history")
    for number in (3, 4):
        await api.pool.execute(
            f"CREATE TABLE history_2026_0{number} PARTITION OF history"
            f" FOR VALUES FROM ('2026-0{number}-01') TO ('2026-0{number + 1}-01')"
        )
    yield
    await api.pool.execute("DROP TABLE history_2026_03, history_2026_04")


async def lines(api: Api, url: str) -> list[dict[str, Any]]:
    answer = await api.client.get(url)
    assert answer.status_code == 200, answer.text
    page = msgspec.json.decode(answer.content, type=Page[answers.HistoryLine])
    assert len(page.items) <= 500
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def words(api: Api, url: str) -> list[str]:
    return [line["reported"] for line in await lines(api, url)]


async def pages(api: Api, url: str) -> list[int]:
    """The ids of all lines, by following Link."""
    found = []
    while url:
        answer = await api.client.get(url)
        found += [item["id"] for item in answer.json()["items"]]
        assert len(found) < 1000, "pages without an end"
        url = answer.links["next"]["url"] if "next" in answer.links else ""
    return found


async def test_a_line_has_what_the_contract_says(api: Api, recorded: Recorded) -> None:
    await api.station("S1", "CP1")
    await recorded.status("CP1", 0, "Charging", 2, 1, "clock_suspect")
    await recorded.connectivity("CP1", 1, "OFFLINE")
    came, line = await lines(api, PATHS[0])
    assert line.pop("id") < came.pop("id")
    assert line == {
        "kind": "STATUS",
        "charge_point_id": "CP1",
        "evse_id": 2,
        "connector_id": 1,
        "reported": "Charging",
        "normalized": "OCCUPIED",
        "error_code": "NoError",
        "vendor_error_code": None,
        "vendor_id": None,
        "info": None,
        "event_time": "2026-03-01T08:00:00.000Z",
        "reported_at": "2026-03-01T08:00:00.000Z",
        "reported_at_text": None,
        "received_at": "2026-03-01T08:00:00.000Z",
        "flags": ["clock_suspect"],
    }
    assert (came["kind"], came["evse_id"], came["connector_id"], came["normalized"]) == (
        "CONNECTIVITY",
        None,
        None,
        None,
    )


async def test_newest_first_over_all_charge_points_of_a_station(api: Api, recorded: Recorded) -> None:
    await api.station("S1", "CP1", "CP2")
    await api.station("S2", "CP3")
    for at, charge_point, word in ((0, "CP2", "b"), (3, "CP1", "e"), (1, "CP1", "c"), (2, "CP2", "d"), (9, "CP3", "z")):
        await recorded.status(charge_point, at, word)
    assert await words(api, PATHS[1]) == ["e", "d", "c", "b"]
    assert await words(api, "/v1/charge-points/cp1/history") == ["e", "c"]
    await api.client.patch("/v1/charge-points/CP1", json={"station_id": "S2"})
    assert await words(api, PATHS[1]) == ["d", "b"]
    assert await words(api, "/v1/stations/S2/history") == ["z", "e", "c"]


@pytest.mark.parametrize("path", PATHS)
async def test_from_is_included_and_to_is_not(api: Api, recorded: Recorded, path: str) -> None:
    await api.station("S1", "CP1")
    for at in range(4):
        await recorded.status("CP1", at, str(at))
    for query, expected in {
        "from=2026-03-01T08:01:00Z": "321",
        "to=2026-03-01T08:02:00Z": "10",
        "from=2026-03-01T08:01:00&to=2026-03-01T08:03:00": "21",  # UTC when nothing is said
        "from=2026-03-01T09:01:00%2B01:00&to=2026-03-01T08:01:00.001Z": "1",
        "from=2026-03-01T08:01:00Z&to=2026-03-01T08:01:00Z": "",
        "from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&limit=3": "321",
    }.items():
        assert "".join(await words(api, f"{path}?{query}")) == expected, query


async def test_filters_of_kind_and_place(api: Api, recorded: Recorded) -> None:
    await api.station("S1", "CP1")
    await recorded.status("CP1", 0, "whole", 0, 0)
    await recorded.status("CP1", 1, "evse", 1, 0)
    await recorded.status("CP1", 2, "a", 1, 1)
    await recorded.status("CP1", 3, "b", 1, 2)
    await recorded.status("CP1", 4, "c", 2, 1)
    await recorded.connectivity("CP1", 5, "OFFLINE")
    for query, expected in {
        "kind=STATUS": ["c", "b", "a"],
        "kind=CONNECTIVITY&kind=CONNECTOR_0": ["OFFLINE", "whole"],
        "evse_id=1": ["b", "a", "evse"],
        "evse_id=0": ["whole"],
        "connector_id=1": ["c", "a"],
        "evse_id=1&connector_id=1&kind=STATUS": ["a"],
        "evse_id=7": [],
    }.items():
        for path in PATHS:
            assert await words(api, f"{path}?{query}") == expected, (path, query)


@given(
    times=st.lists(st.integers(0, 5), max_size=14),
    limit=st.integers(1, 5),
    moves=st.lists(st.sampled_from(["new", "old", "move"]), max_size=8),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_pages_show_every_line_once_while_others_come_in(
    api: Api, recorded: Recorded, times: list[int], limit: int, moves: list[str]
) -> None:
    await api.pool.execute("TRUNCATE stations, charge_points, reports, unpublished, intents, audit, history CASCADE")
    await api.station("S1", "CP1", "CP2")
    for number, at in enumerate(times):
        await recorded.status(f"CP{number % 2 + 1}", at, str(number))
    there = [row["id"] for row in await api.pool.fetch("SELECT id FROM history ORDER BY received_at DESC, id DESC")]
    seen: list[int] = []
    url, coming = f"/v1/stations/S1/history?limit={limit}", iter(moves)
    while url:
        answer = await api.client.get(url)
        seen += [item["id"] for item in answer.json()["items"]]
        assert len(seen) < 1000, "pages without an end"
        url = answer.links["next"]["url"] if "next" in answer.links else ""
        match next(coming, None):
            case "new":
                await recorded.status("CP1", 10, "new")
            case "old":
                await recorded.status("CP2", 3, "came in late")
    assert len(seen) == len(set(seen))
    assert [id_ for id_ in seen if id_ in there] == there


async def test_pages_go_on_across_partitions(api: Api, partitioned: None) -> None:
    recorded = Recorded(api.pool)
    await api.station("S1", "CP1", "CP2")
    for day in range(0, 80, 8):  # March, April, and the default partition
        await recorded.status(f"CP{day % 3 % 2 + 1}", day * 24 * 60, str(day))
    there = [row["id"] for row in await api.pool.fetch("SELECT id FROM history ORDER BY received_at DESC")]
    assert len({row["t"] for row in await api.pool.fetch("SELECT tableoid AS t FROM history")}) == 3
    assert await pages(api, f"{PATHS[1]}?limit=3") == there
    until = f"{minute(24 * 60 * 40):%Y-%m-%dT%H:%M:%SZ}"
    assert await pages(api, f"{PATHS[1]}?limit=1&from=2026-03-20T00:00:00Z&to={until}") == there[5:7]


async def test_what_was_deleted_is_reached_only_when_asked_for(api: Api, recorded: Recorded) -> None:
    await api.station("S1", "CP1")
    await recorded.status("CP1", 0, "first")
    await api.client.delete("/v1/charge-points/CP1")
    await api.client.post("/v1/stations/S1/charge-points", json={"id": "cp1"})
    await recorded.status("cp1", 1, "second")
    assert await words(api, PATHS[0]) == await words(api, PATHS[1]) == ["second"]
    for path in PATHS:
        found = await lines(api, f"{path}?include_deleted=true")
        assert [(line["reported"], line["charge_point_id"], line["life"]) for line in found] == [
            ("second", "cp1", 2),
            ("first", "CP1", 1),
        ]
    await api.client.delete("/v1/stations/S1")
    for path in PATHS:
        assert (await api.client.get(path)).status_code == 404
        assert await words(api, f"{path}?include_deleted=true") == ["second", "first"]
    await api.station("S1", "CP1")
    await recorded.status("CP1", 2, "third")
    assert [line["life"] for line in await lines(api, f"{PATHS[1]}?include_deleted=true")] == [3, 2, 1]
    assert await words(api, PATHS[1]) == ["third"]


@pytest.mark.parametrize("path", ["/v1/charge-points/{}/history", "/v1/stations/{}/history"])
@pytest.mark.parametrize("id_", ["nope", "a%00b", "%C3%A4", "x" * 65])
async def test_an_id_that_never_was_is_not_found(api: Api, path: str, id_: str) -> None:
    for query in ("", "?include_deleted=true"):
        assert (await api.client.get(path.format(id_) + query)).status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2026-03-01", "from"),
        ("from=1772352000", "from"),
        ("from=2026-03-01T08:00:00+01:00", "from"),  # a plus that became a space
        ("to=2026-02-30T00:00:00Z", "to"),
        ("from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "to"),
        ("kind=status", "kind.0"),
        ("evse_id=-1", "evse_id"),
        ("connector_id=40000", "connector_id"),
        ("limit=501", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=aDo5OTk5OTk5OTk5OTk5OTk5OTk6MQ", "cursor"),  # a time that no calendar has
        ("colour=red", "colour"),
    ],
)
@pytest.mark.parametrize("path", PATHS)
async def test_a_parameter_that_is_wrong_is_named(api: Api, path: str, query: str, field: str) -> None:
    await api.station("S1", "CP1")
    answer = await api.client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_cursor_of_a_list_is_refused(api: Api) -> None:
    await api.station("S1", "CP1", "CP2")
    cursor = (await api.client.get("/v1/charge-points?limit=1")).json()["next_cursor"]
    assert (await api.client.get(PATHS[1], params={"cursor": cursor})).status_code == 422


async def test_it_is_served_while_redis_is_away(api: Api, recorded: Recorded, stack: Stack) -> None:
    await api.station("S1", "CP1")
    await recorded.status("CP1", 0, "Available")
    stack.redis.kill()
    try:
        for path in PATHS:
            assert await words(api, path) == ["Available"]
    finally:
        stack.redis.start()
