"""Lists of stations and charge points: which of them match."""

import time

import pytest

from api.stations import selects
from tests.integration.api.served import Api
from tests.integration.api.stations.listed import at, ids, pages


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


async def test_a_charge_point_without_a_station_is_unassigned(api: Api) -> None:
    await api.station("S1", "CP1", "CP2")
    await api.client.patch("/v1/charge-points/CP1", json={"station_id": None})
    assert await ids(api, "/v1/charge-points?unassigned=true") == ["CP1"]
    assert await ids(api, "/v1/charge-points?unassigned=false") == ["CP2"]
