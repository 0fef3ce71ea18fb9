"""POST /v1/import: which files are read, and which rows of them are not."""

import json

import pytest

from tests.integration.api.bulk.files import HEADER, report, send, wrong
from tests.integration.api.served import Api


async def test_a_bad_row_costs_only_itself(api: Api) -> None:
    told = await report(
        api,
        "\n".join(
            (
                HEADER,
                "S1,A,,,,,CP1,,",
                "S1,,,91,2,,CP2,,",
                "S1,,,,,,a/b,short,MAYBE",
                "S9,,,,,,CP3,,",
                "S2,B,,1,,,CP4,,",
                ",Name,,,,,CP5,,",
                "S1,,,,,,,,ACCEPTED",
                ",,,,,,,,",
                "S1,,,,,,CP6,,,too many",
                "S1,,,,,Mars/Olympus,CP7,,",
                "S1,,,,,,CP8,,",
            )
        ),
    )
    assert wrong(told) == {
        3: {"latitude"},
        4: {"charge_point_id", "password", "registration"},
        5: {"station_name"},
        6: {"longitude"},
        7: {"station_name"},
        8: {"registration"},
        10: {"row"},
        11: {"time_zone"},
    }
    assert told["totals"] == {"created": 2, "updated": 0, "unchanged": 0, "error": 8}
    assert told["rows"][3]["charge_point_id"] == "CP3"
    assert "short" not in json.dumps(told)
    listed = (await api.client.get("/v1/charge-points")).json()["items"]
    assert [one["id"] for one in listed] == ["CP1", "CP8"]
    assert (await api.client.get("/v1/stations/S2")).status_code == 404


async def test_a_bad_line_of_json_costs_only_itself(api: Api) -> None:
    lines = [
        '{"station_id": "S1", "station_name": "A"}',
        "",
        "{",
        "[]",
        '{"station_id": "S1", "latitude": "1", "colour": "red"}',
        '{"station_id": "S1", "charge_point_id": "CP1"}',
    ]
    told = await report(api, "\n".join(lines), "application/x-ndjson; charset=utf-8")
    assert wrong(told) == {3: {"row"}, 4: {"row"}, 5: {"latitude", "colour"}}
    assert told["totals"]["created"] == 2


@pytest.mark.parametrize(
    ("content", "kind", "status", "field"),
    [
        ("station_id,colour\nS1,red\n", "text/csv", 422, "header"),
        ("station_id,station_id\nS1,S1\n", "text/csv", 422, "header"),
        ("", "text/csv", 422, "header"),
        ('station_id\n"S1', "text/csv", 422, "body"),
        (b"station_id\n\xff\n", "text/csv", 422, "body"),
        ("{}", "application/json", 415, None),
        ("station_id\nS1\n", "", 415, None),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_whole(
    api: Api, content: str | bytes, kind: str, status: int, field: str | None
) -> None:
    answer = await send(api, content, kind)
    assert answer.status_code == status
    assert [error["field"] for error in answer.json()["errors"]] == ([field] if field else [])


async def test_what_european_spreadsheets_save_is_read(api: Api) -> None:
    content = "\ufeffstation_id;station_name;charge_point_id\r\nS1;Größe, 1;CP1\r\n".encode()
    assert (await report(api, content))["totals"]["created"] == 1
    assert (await api.client.get("/v1/stations/S1")).json()["name"] == "Größe, 1"


async def test_what_people_make_of_a_file_is_read(api: Api) -> None:
    content = (
        "Station ID\tStation Name \tlatitude\tLONGITUDE\ttime-zone\tCharge Point ID\tRegistration\tpassword\t\t\n"
        " S1 \t Größe \t52,5219\t+13,4\teurope/berlin\t CP1\tpending\t\t\t\n"
        "\t\t\t\t\t\t\t\t\t\n"
        "S1\t\t\t\t\t\u00a0Cp 2 \t Rejected \n"
    )
    told = await report(api, content)
    assert [(row["row"], row["result"]) for row in told["rows"]] == [(2, "created"), (4, "created")]
    station = (await api.client.get("/v1/stations/S1")).json()
    assert (station["name"], station["latitude"], station["longitude"], station["time_zone"]) == (
        "Größe",
        52.5219,
        13.4,
        "Europe/Berlin",
    )
    assert [(one["id"], one["registration"]) for one in station["charge_points"]] == [
        ("Cp 2", "REJECTED"),
        ("CP1", "PENDING"),
    ]


async def test_ten_mebibytes_are_taken_there_and_nowhere_else(api: Api) -> None:
    long = "x" * 450
    content = "\n".join([HEADER, *(f"S{n},N,{long},,,,,," for n in range(22_000))]).encode()
    assert 9 * 2**20 < len(content) < 10 * 2**20
    assert (await report(api, content, dry_run="true"))["totals"]["created"] == 22_000
    assert (await send(api, content + b" " * 2**20)).status_code == 413
    elsewhere = await api.client.post("/v1/stations", content=content, headers={"Content-Type": "application/json"})
    assert elsewhere.status_code == 413
