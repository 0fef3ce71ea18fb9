"""POST /v1/import and GET /v1/export: the inventory as a file."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from api.bulk import answers
from api.bulk import importing as bulk
from local.ports import free_port
from shared.credentials import passwords
from shared.http.server import serving
from tests.integration.api.served import ADMIN, READ, Api, bearer

KEY = "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"
CHOSEN = "correct horse battery staple"
HEADER = "station_id,station_name,address,latitude,longitude,time_zone,charge_point_id,password,registration"
ROOT = Path(__file__).parents[4]
Row = Mapping[str, Any]


async def send(api: Api, content: str | bytes, kind: str = "text/csv", **query: str) -> httpx.Response:
    return await api.client.post("/v1/import", content=content, headers={"Content-Type": kind}, params=query)


async def report(api: Api, content: str | bytes, kind: str = "text/csv", **query: str) -> dict[str, Any]:
    answer = await send(api, content, kind, **query)
    assert answer.status_code == 200, answer.text
    msgspec.json.decode(answer.content, type=answers.ImportReport)
    told: dict[str, Any] = answer.json()
    return told


async def results(api: Api, *lines: str, header: str = HEADER, **query: str) -> list[str]:
    told = await report(api, "\n".join((header, *lines)), **query)
    return [row["result"] for row in told["rows"]]


async def json_results(api: Api, *rows: Row, **query: str) -> list[str]:
    told = await report(api, "\n".join(map(json.dumps, rows)), "application/x-ndjson", **query)
    return [row["result"] for row in told["rows"]]


def wrong(told: Mapping[str, Any]) -> dict[int, set[str]]:
    return {row["row"]: {error["field"] for error in row["errors"]} for row in told["rows"] if row["errors"]}


async def exported(api: Api, format_: str = "csv") -> str:
    answer = await api.client.get("/v1/export", params={"format": format_}, headers=bearer(READ))
    assert answer.status_code == 200
    assert f"plugwatch.{format_}" in answer.headers["Content-Disposition"]
    return answer.text


async def state(api: Api) -> Sequence[Any]:
    """All that an import could touch."""
    queries = (
        "SELECT key, version, revision, name, deleted_at FROM stations ORDER BY key",
        "SELECT key, version, revision, document, password_hash FROM charge_points ORDER BY key",
        "SELECT id FROM audit ORDER BY id",
        "SELECT id FROM unpublished",
    )
    return [await api.pool.fetch(query) for query in queries]


async def hashes(api: Api) -> dict[str, str]:
    rows = await api.pool.fetch("SELECT id, password_hash FROM charge_points")
    return {row["id"]: row["password_hash"] for row in rows}


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


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
async def test_what_is_exported_and_imported_again_changes_nothing(api: Api, format_: str) -> None:
    await results(
        api,
        f'S1,"Quote "" and, comma","Line 1\nLine 2",52.123456789012345,-0.1,Europe/Berlin,Cp 1,{KEY},',
        "S1,,,,,,=cmd|2,,PENDING",
        "S2,Größe,,,,,,,",
        ",,,,,,CP3,,REJECTED",
        *(f"T{number:04},T,,,,,T{number:04}," for number in range(1100)),
        *(f",,,,,,U{number:04},," for number in range(1100)),
    )
    file = await exported(api, format_)
    assert KEY not in file
    before = await state(api)
    kind = {"csv": "text/csv", "jsonl": "application/x-ndjson"}[format_]
    told = await report(api, file, kind)
    assert told["totals"] == {"created": 0, "updated": 0, "unchanged": 2204, "error": 0}
    assert await state(api) == before

    await api.pool.execute("TRUNCATE stations, charge_points CASCADE")
    assert (await report(api, file, kind))["totals"]["created"] == 2204
    assert await exported(api, format_) == file


async def test_an_empty_inventory_is_a_header_alone(api: Api) -> None:
    assert (
        await exported(api)
        == "\ufeffstation_id,station_name,address,latitude,longitude,time_zone,charge_point_id,registration\r\n"
    )
    assert await exported(api, "jsonl") == ""
    assert (await report(api, await exported(api)))["rows"] == []


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


async def test_ten_mebibytes_are_taken_there_and_nowhere_else(api: Api) -> None:
    long = "x" * 450
    content = "\n".join([HEADER, *(f"S{n},N,{long},,,,,," for n in range(22_000))]).encode()
    assert 9 * 2**20 < len(content) < 10 * 2**20
    assert (await report(api, content, dry_run="true"))["totals"]["created"] == 22_000
    assert (await send(api, content + b" " * 2**20)).status_code == 413
    elsewhere = await api.client.post("/v1/stations", content=content, headers={"Content-Type": "application/json"})
    assert elsewhere.status_code == 413


async def test_reading_tokens_export_but_do_not_import(api: Api) -> None:
    imported = await api.client.post("/v1/import", headers=bearer(READ))
    assert imported.status_code == 403
    assert (await api.client.get("/v1/export", params={"format": "xml"})).status_code == 422


async def run(api: Api, *arguments: str, token: str = ADMIN) -> tuple[int, str]:
    """The program's exit status and what it says, the API being served on a port."""
    port = free_port()
    async with serving(api.app, "127.0.0.1", port):
        program = await asyncio.create_subprocess_exec(
            "env",
            f"PLUGWATCH_ADMIN_TOKEN={token}",
            sys.executable,
            "-m",
            "tools.import_inventory",
            "--api",
            f"http://127.0.0.1:{port}",
            *arguments,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(program.communicate(), 60)
    return program.returncode or 0, said.decode()


async def test_a_file_is_imported_from_the_command_line_in_parts(api: Api, tmp_path: Path) -> None:
    lines = [f'S{n % 3},"N{n % 3}, {n % 3}",,,,,CP{n},,' for n in range(2500)]
    lines[1700] = "S1,,,91,1,,CP1700,,"
    file = tmp_path / "inventory.csv"
    file.write_text("\n".join((HEADER, *lines)))
    status, said = await run(api, "--dry-run", str(file))
    assert (status, said.splitlines()[-1]) == (1, "would be: 2499 created, 0 updated, 0 unchanged, 1 error")
    assert await api.pool.fetchval("SELECT count(*) FROM charge_points") == 0
    status, said = await run(api, str(file))
    assert status == 1
    assert said.splitlines() == [
        "line 1702 (CP1700): latitude: Input should be less than or equal to 90",
        "2499 created, 0 updated, 0 unchanged, 1 error",
    ]
    file = tmp_path / "inventory.jsonl"
    file.write_text(await exported(api, "jsonl"))
    assert await run(api, str(file)) == (0, "0 created, 0 updated, 2499 unchanged, 0 error\n")


async def test_an_import_that_cannot_be_done_says_why(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "inventory.csv"
    file.write_text("station_id,colour\nS1,red\n")
    for arguments, token, expected in (
        ([str(file)], ADMIN, "422: correct header"),
        ([str(file)], READ, "403: "),
        ([str(tmp_path / "missing.csv")], ADMIN, "No such file"),
        ([str(tmp_path / "inventory.xls")], ADMIN, "name it .csv"),
        ([str(file), "--api", f"http://127.0.0.1:{free_port()}"], ADMIN, "did not answer"),
        ([str(file), "--api", "file:///etc"], ADMIN, "begins with http"),
    ):
        status, said = await run(api, *arguments, token=token)
        assert (status, expected in said) == (2, True), said
