"""GET /v1/board: the whole network in columns; and the page at / that shows it."""

import gzip
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from api.board import answers
from api.board.snapshot import Snapshot
from api.database import Database
from api.live import briefs
from shared.stores.hot import HotCopy
from shared.stores.postgres import Pool
from tests.integration.api.live.streams import listening, served
from tests.integration.api.served import ADMIN, READ, Api, bearer


def stations(board: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The columns as one dict a station, by its id."""
    columns = board["stations"]
    counts = list(zip(*columns["counts"], strict=True)) or []
    return {
        id_: {name: column[row] for name, column in columns.items() if name != "counts"} | {"counts": counts[row]}
        for row, id_ in enumerate(columns["id"])
    }


async def test_the_network_in_columns(build: Callable[..., Api]) -> None:
    now = 0.0
    api = build(clock=lambda: now)
    await api.station("S1", "CP1", "CP2")
    await api.station("S2")
    await api.client.patch("/v1/stations/S2", json={"latitude": 52.123456789, "longitude": -5.5})
    await api.station("S3")
    await api.client.delete("/v1/stations/S3")
    await api.rolled_up("CP1", "FAULTED", "AVAILABLE")
    await api.rolled_up("CP2", "AVAILABLE", connectivity="OFFLINE")
    answer = await api.client.get("/v1/board", headers=bearer(READ))
    msgspec.json.decode(answer.content, type=answers.BoardDocument)
    board = answer.json()
    document = (await api.client.get("/v1/stations/S1")).json()
    found = stations(board)
    assert list(found) == ["S1", "S2"]
    assert board["total"] == 2
    assert board["stream"] == await api.copy.changes.newest()
    first = found["S1"]
    assert board["legend"]["status"][first["status"]] == document["status"] == "AVAILABLE"
    assert board["legend"]["health"][first["health"]] == document["health"] == "DEGRADED"
    assert (first["charge_points"], first["offline"]) == (2, 1)
    assert first["counts"] == (2, 0, 0, 0, 1, 0)
    assert (found["S2"]["latitude"], found["S2"]["longitude"]) == (52.12346, -5.5)
    less = await api.client.get("/v1/board?place=false")
    assert less.headers["etag"] != answer.headers["etag"]
    assert board["stations"] == less.json()["stations"] | {
        name: board["stations"][name] for name in ("latitude", "longitude")
    }


async def test_it_is_the_same_for_a_second_and_304_while_nothing_changes(build: Callable[..., Api]) -> None:
    now = 0.0
    api = build(clock=lambda: now)
    await api.station("S1", "CP1")
    first = await api.client.get("/v1/board")
    held = {"If-None-Match": first.headers["etag"]}
    now = 5.0
    assert (await api.client.get("/v1/board", headers=held)).status_code == 304
    await api.rolled_up("CP1", "OCCUPIED")
    assert (await api.client.get("/v1/board", headers=held)).status_code == 304
    now = 6.0
    again = await api.client.get("/v1/board", headers=held)
    assert again.status_code == 200
    assert stations(again.json())["S1"]["counts"] == (0, 1, 0, 0, 0, 0)


async def test_its_tag_is_another_one_where_the_stream_is(build: Callable[..., Api]) -> None:
    now = 0.0
    api = build(clock=lambda: now)
    await api.station("S1", "CP1")
    first = await api.client.get("/v1/board")
    await api.copy.redis.flushall()
    now = 5.0
    again = await api.client.get("/v1/board", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200  # 304 would send the client back to an id that is not there any more
    assert again.json()["stream"] != first.json()["stream"]


@pytest.mark.parametrize(
    ("accepted", "zipped"), [("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("identity", False)]
)
async def test_gzip_for_who_takes_it(api: Api, accepted: str, zipped: bool) -> None:
    await api.station("S1")
    async with api.client.stream("GET", "/v1/board", headers={"Accept-Encoding": accepted}) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    assert (answer.headers.get("content-encoding") == "gzip") is zipped
    assert list(stations(json.loads(gzip.decompress(body) if zipped else body))) == ["S1"]


async def test_of_too_many_those_that_need_somebody(api: Api, pool: Pool, copy: HotCopy) -> None:
    for number, health in enumerate(("OK", "DOWN", "UNKNOWN", "DEGRADED", "OK")):
        await pool.execute("INSERT INTO stations (id, name, health) VALUES ($1, $1, $2)", f"S{number}", health)
    snapshot = Snapshot(Database(pool), copy.changes, lambda: 0.0, lambda: 0, most=3)
    board = json.loads((await snapshot.board()).body)
    assert board["total"] == 5
    assert board["stations"]["id"] == ["S1", "S3", "S2"]


async def test_since_is_when_the_station_got_its_status(build: Callable[..., Api]) -> None:
    ticks = iter(range(0, 1000, 10))
    api = build(clock=lambda: float(next(ticks)))
    await api.station("S1", "CP1")

    async def since() -> int:
        found: int = stations((await api.client.get("/v1/board")).json())["S1"]["since"]
        return found

    await api.rolled_up("CP1", "AVAILABLE", "AVAILABLE")
    await api.pool.execute("UPDATE stations SET status_since = '2026-01-01T00:00:00Z'")
    await api.rolled_up("CP1", "AVAILABLE", "OCCUPIED")
    assert await since() == 1_767_225_600
    await api.rolled_up("CP1", "OCCUPIED", "OCCUPIED")
    assert await since() > 1_767_225_600


async def test_a_board_that_follows_from_its_snapshot_misses_nothing(api: Api) -> None:
    await api.station("S1", "CP1")
    async with served(api) as port:
        board = (await api.client.get("/v1/board")).json()
        await api.rolled_up("CP1", "AVAILABLE", "FAULTED")
        async with listening(port, "?view=brief", last_id=board["stream"]) as listener:
            await listener.until(lambda one: bool(one.told))
            await api.rolled_up("CP1", "OCCUPIED", "OCCUPIED")
            await api.client.delete("/v1/stations/S1")
            await listener.until(lambda one: len(json.loads(one.told[-1].raw)[0]) == 2)
        assert {told.event for told in listener.told} == {"brief"}
        first = json.loads(listener.told[0].raw)[-1]
        assert (first[0], first[1], first[2], first[3], first[6]) == ("S1", 0, 1, 0, [1, 0, 0, 0, 1, 0])
        newest = json.loads(listener.told[-1].raw)
        assert newest == [["S1", newest[0][1]]]
        assert newest[0][1] > first[5]


async def test_many_changes_within_a_second_are_one_array_and_the_same_bytes_for_all(api: Api) -> None:
    await api.station("S1", "CP1")
    async with served(api) as port, listening(port, "?view=brief") as one, listening(port, "?view=brief") as other:
        for _ in range(5):
            await api.rolled_up("CP1", "AVAILABLE")
            await api.rolled_up("CP1", "OCCUPIED")
        revision = (await api.client.get("/v1/stations/S1")).json()["revision"]
        for listener in (one, other):
            await listener.until(lambda it: bool(it.told) and json.loads(it.told[-1].raw)[0][5] == revision)
        assert one.told[-1].raw == other.told[-1].raw
        assert len(one.told) <= 10 * briefs.EVERY_S


async def test_who_is_behind_by_much_reads_anew(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.live.missed.BRIEF_PAGE", 5)
    monkeypatch.setattr("api.live.missed.BRIEF_PAGES", 2)
    await api.station("S1", "CP1")
    ids = []
    for _ in range(5):
        ids.append(await api.copy.changes.newest())
        await api.rolled_up("CP1", "AVAILABLE")
    revision = (await api.client.get("/v1/stations/S1")).json()["revision"]
    async with served(api) as port:
        for last_id, event in ((ids[0], "reset"), ("7-7", "reset"), (ids[3], "brief"), (ids[2], "brief")):
            async with listening(port, "?view=brief", last_id=last_id) as listener:
                await listener.until(lambda one: bool(one.told))
                assert listener.events == [event]
                assert event == "reset" or json.loads(listener.told[0].raw)[0][5] == revision


async def test_in_brief_goes_with_no_filter(api: Api) -> None:
    answer = await api.client.get("/v1/stream?view=brief&station_id=S1")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "view"


async def test_the_page_needs_no_token_and_lets_nothing_in_from_elsewhere(api: Api) -> None:
    page = await api.client.get("/", headers={"Authorization": ""})
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["x-content-type-options"] == "nosniff"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.search(r"<script>|<style|\son\w+=|\{\w+\}|style=", page.text)
    files = re.findall(r'(?:src|href)="(/board/[^"]+)"', page.text)
    assert len(files) > 30
    for path in files:
        found = await api.client.get(path)
        assert found.status_code == 200, path
        assert "immutable" in found.headers["cache-control"]
        assert found.headers["content-encoding"] == "gzip"
        assert found.headers["x-content-type-options"] == "nosniff"


async def test_every_import_of_the_page_is_one_of_its_files(api: Api) -> None:
    page = (await api.client.get("/")).text
    base = re.findall(r'src="(/board/[0-9a-f]+/)main.js"', page)[0]
    seen: set[str] = set()
    waiting = [f"{base}main.js"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = await api.client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith("text/javascript"), path
        for name in re.findall(r'(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"\n]+)"', answer.text):
            assert name.startswith("."), f"{path} imports {name}, which no browser finds"
            target = str(httpx.URL(f"http://x{path}").join(name).path)
            if target not in seen:
                waiting.append(target)
    assert f"{base}views/map.js" in seen
    assert f"{base}vendor/leaflet.js" in seen


@pytest.mark.parametrize("path", ["vendor/preact.d.ts", "index.html", "../files.py", "none.js"])
async def test_nothing_else_of_the_package_is_served(api: Api, path: str) -> None:
    page = (await api.client.get("/")).text
    base = re.findall(r'src="(/board/[0-9a-f]+/)main.js"', page)[0]
    for prefix in (base, "/board/0123456789abcdef/"):
        assert (await api.client.get(prefix + path)).status_code == 404


async def test_a_setting_switches_the_page_off(build: Callable[..., Api]) -> None:
    api = build(board=False)
    assert (await api.client.get("/")).status_code == 404
    assert (await api.client.get("/v1/board")).status_code == 200


async def test_tiles_are_let_in_where_a_setting_names_them(build: Callable[..., Api]) -> None:
    page = await build(tiles_url="https://{s}.tiles.example/{z}/{x}/{y}.png?a=1&b=2").client.get("/")
    assert "img-src 'self' data: https://*.tiles.example;" in page.headers["content-security-policy"]
    assert 'content="https://{s}.tiles.example/{z}/{x}/{y}.png?a=1&amp;b=2"' in page.text


async def test_an_api_that_only_reads_tells_its_page_and_makes_no_codes(build: Callable[..., Api]) -> None:
    api = build(mode="read")
    assert '<meta name="plugwatch-mode" content="read" />' in (await api.client.get("/")).text
    assert (await api.client.post("/v1/board/codes")).status_code in (404, 405)


def here(api: Api, host: str = "127.0.0.1:8000", client: str = "127.0.0.1") -> httpx.AsyncClient:
    """A browser without a token on a machine."""
    transport = httpx.ASGITransport(api.app, client=(client, 5))
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")


async def test_a_code_signs_in_once_on_this_machine(api: Api) -> None:
    made = await api.client.post("/v1/board/codes")
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    async with here(api) as browser:
        first = await browser.post("/board/sign-in", json=made.json())
        assert first.json() == {"token": ADMIN}
        assert first.headers["cache-control"] == "no-store"
        assert (await browser.post("/board/sign-in", json=made.json())).status_code == 403


@pytest.mark.parametrize(
    ("host", "client", "headers"),
    [
        ("127.0.0.1:8000", "192.0.2.7", {}),
        ("board.example", "127.0.0.1", {}),
        ("127.0.0.1:8000", "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1:8000", "127.0.0.1", {"Forwarded": "for=192.0.2.7"}),
        ("127.0.0.1:8000", "127.0.0.1", {"X-Real-IP": "192.0.2.7"}),
        ("127.0.0.1:8000", "127.0.0.1", {"X-Forwarded-Host": "board.example"}),
        ("127.0.0.1:8000", "127.0.0.1", {"Host": "127.0.0.1@board.example"}),
        ("127.0.0.1:8000", "127.0.0.1", {"Host": "127.0.0.1:80@board.example"}),
        ("127.0.0.1:8000", "127.0.0.1", {"Origin": "https://board.example"}),
        ("127.0.0.1:8000", "127.0.0.1", {"Origin": "null"}),
    ],
)
async def test_nobody_else_gets_a_token_for_a_code(api: Api, host: str, client: str, headers: dict[str, str]) -> None:
    made = (await api.client.post("/v1/board/codes")).json()
    async with here(api, host, client) as browser:
        assert (await browser.post("/board/sign-in", json=made, headers=headers)).status_code == 403
    async with here(api) as browser:
        assert (await browser.post("/board/sign-in", json=made)).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{}", b'{"code": 5}', b'{"code": ""}', b"\xff", b'{"code": "' + b"a" * 5000])
async def test_what_is_no_code_gets_no_token(api: Api, body: bytes) -> None:
    await api.client.post("/v1/board/codes")
    async with here(api) as browser:
        assert (await browser.post("/board/sign-in", content=body)).status_code == 403


async def test_a_reader_makes_no_code(api: Api) -> None:
    assert (await api.client.post("/v1/board/codes", headers=bearer(READ))).status_code == 403
