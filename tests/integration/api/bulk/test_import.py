"""POST /v1/import: what the rows of a file do to the inventory."""

import asyncio

import pytest

from api.bulk import importing as bulk
from shared.credentials import passwords
from tests.integration.api.bulk.files import CHOSEN, HEADER, KEY, hashes, json_results, report, results, send, state
from tests.integration.api.served import READ, Api, bearer


async def test_rows_become_stations_with_charge_points(api: Api) -> None:
    told = await report(
        api,
        f"{HEADER}\r\n"
        'S1,Alexanderplatz,"Alexanderplatz 1\n10178 Berlin",52.5,13.4,Europe/Berlin,Cp 1,,\r\n'
        f"S1,,,,,,CP|2,{KEY},PENDING\r\n"
        "S2,Empty,,,,,,,\r\n"
        ",,,,,,CP3,,\r\n",
    )
    assert told["totals"] == {"created": 4, "updated": 0, "unchanged": 0, "error": 0}
    assert told["dry_run"] is False
    station = (await api.client.get("/v1/stations/S1")).json()
    assert (station["address"], station["latitude"], station["time_zone"]) == (
        "Alexanderplatz 1\n10178 Berlin",
        52.5,
        "Europe/Berlin",
    )
    assert [(one["id"], one["registration"]) for one in station["charge_points"]] == [
        ("Cp 1", "ACCEPTED"),
        ("CP|2", "PENDING"),
    ]
    assert (await api.client.get("/v1/stations/S2")).json()["charge_points"] == []
    assert (await api.client.get("/v1/charge-points/cp3")).json()["station_id"] is None
    stored = await api.pool.fetchval("SELECT password_hash FROM charge_points WHERE id = 'CP|2'")
    assert passwords.matches(stored, KEY.encode())


async def test_the_same_again_changes_nothing(api: Api) -> None:
    lines = (f"S1,A,,1,2,,CP1,{KEY},", f"S1,A,,,,,CP2,{CHOSEN},REJECTED", "S2,B,,,,,,,")
    assert await results(api, *lines) == ["created"] * 3
    before = await state(api)
    assert await results(api, *lines) == ["unchanged"] * 3
    assert await state(api) == before


async def test_what_differs_is_updated_and_what_is_empty_stays(api: Api) -> None:
    await results(api, f"S1,A,Street 1,1,2,UTC,CP1,{KEY},PENDING", "S2,B,,,,,CP2,,")
    before = await hashes(api)
    assert await results(api, "S1,,,,,,CP1,,") == ["unchanged"]
    assert await results(api, "S2,,,,,,cp1,,", f",,,,,,CP2,{KEY},", "S1,New,,,,,,,") == ["updated"] * 3
    moved = (await api.client.get("/v1/charge-points/CP1")).json()
    assert (moved["id"], moved["station_id"], moved["registration"]) == ("CP1", "S2", "PENDING")
    station = (await api.client.get("/v1/stations/S1")).json()
    assert (station["name"], station["address"], station["charge_points"]) == ("New", "Street 1", [])
    after = await hashes(api)
    assert after["CP1"] == before["CP1"]
    assert passwords.matches(after["CP2"], KEY.encode())


async def test_null_in_json_clears(api: Api) -> None:
    full = {"station_id": "S1", "station_name": "A", "address": "Street 1", "latitude": 1.5, "longitude": 2}
    assert await json_results(api, full | {"charge_point_id": "CP1", "password": KEY}) == ["created"]
    assert await json_results(api, {"station_id": "S1", "address": None, "latitude": None, "longitude": None}) == [
        "updated"
    ]
    station = (await api.client.get("/v1/stations/S1")).json()
    assert (station["name"], station["address"], station["latitude"]) == ("A", None, None)
    assert await json_results(api, {"charge_point_id": "CP1", "station_id": None, "password": None}) == ["updated"]
    assert (await api.client.get("/v1/charge-points/CP1")).json()["station_id"] is None
    assert await api.pool.fetchval("SELECT password_hash FROM charge_points") is None


async def test_a_charger_that_comes_twice_is_an_error_of_its_second_row(api: Api) -> None:
    told = await report(api, f'{HEADER}\nS1,A,,,,,CP1,,\nS1,,"1\n2",,,,CP2,,\nS1,,,,,,cp1,,PENDING\n')
    assert [(row["row"], row["result"]) for row in told["rows"]] == [(2, "created"), (3, "created"), (5, "error")]
    assert told["rows"][2]["errors"][0]["message"].startswith("is in line 2 already")
    assert (await api.client.get("/v1/charge-points/CP1")).json()["registration"] == "ACCEPTED"


async def test_passwords_that_people_chose_do_not_outlast_a_proxy(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "HASHING_S", 0.1)
    lines = [f"S1,A,,,,,CP{n},{CHOSEN} {n},\nS1,,,,,,X{n},," for n in range(40)]
    told = await report(api, "\n".join((HEADER, *lines)))
    late = [row for row in told["rows"] if row["errors"]]
    assert 0 < len(late) < 40
    assert {row["errors"][0]["field"] for row in late} == {"password"}
    assert told["totals"]["created"] == 80 - len(late)
    monkeypatch.setattr(bulk, "HASHING_S", 40)
    assert (await report(api, "\n".join((HEADER, *lines))))["totals"]["error"] == 0


async def test_a_dry_run_says_the_same_and_changes_nothing(api: Api) -> None:
    await results(api, f"S1,A,,,,,CP1,{KEY},", "S1,,,,,,CP2,,")
    lines = [f"S1,B,,,,,CP1,{KEY},", "S2,,,,,,CP9,,", "S2,New,,,,,CP2,,", f"S2,,,,,,CP3,{CHOSEN},", "S1,B,,,,,cp3,,"]
    lines += [f"S3,C,,,,,X{number},," for number in range(bulk.AT_ONCE)]
    lines += ["S3,,,,,,x0,,", "S3,D,,,,,,,", "S3,D,,,,,,,"]
    before = await state(api)
    dry = await results(api, *lines, dry_run="true")
    assert await state(api) == before
    assert dry == await results(api, *lines, dry_run="false")
    assert dry[:5] == ["updated", "error", "updated", "created", "error"]
    assert dry[-3:] == ["error", "updated", "unchanged"]
    assert (await send(api, HEADER, dryrun="true")).status_code == 422


async def test_imports_of_the_same_rows_at_once_end_well(api: Api) -> None:
    lines = [f"S{number % 7},N,,,,,CP{number},," for number in range(200)]
    backwards = lines[::-1]
    every = await asyncio.gather(*(results(api, *(lines, backwards)[n % 2]) for n in range(4)))
    assert sorted(result for one in every for result in one) == ["created"] * 200 + ["unchanged"] * 600
    assert await api.pool.fetchval("SELECT count(*) FROM charge_points") == 200
    stations = (await api.client.get("/v1/stations?expand=charge_points")).json()["items"]
    assert sum(len(one["charge_points"]) for one in stations) == 200


async def test_documents_of_what_was_imported_are_served_from_redis(api: Api) -> None:
    await results(api, "S1,A,,,,,CP1,,", "S2,B,,,,,CP2,,")
    await results(api, "S2,,,,,,CP1,,")
    asked = await api.reads("postgres")
    assert (await api.client.get("/v1/stations/S1")).json()["charge_points"] == []
    assert [one["id"] for one in (await api.client.get("/v1/stations/S2")).json()["charge_points"]] == ["CP1", "CP2"]
    assert await api.reads("postgres") == asked


async def test_reading_tokens_export_but_do_not_import(api: Api) -> None:
    imported = await api.client.post("/v1/import", headers=bearer(READ))
    assert imported.status_code == 403
    assert (await api.client.get("/v1/export", params={"format": "xml"})).status_code == 422
