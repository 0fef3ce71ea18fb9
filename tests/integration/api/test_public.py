"""/status/{station_id}: one station for anybody, where a setting allows it; and nothing else about the network."""

import gzip
import json
import logging
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from api.public.shown import KEPT_S
from tests.integration.api.served import SINCE, Api, bearer

from .http.test_problems import problem

JSON = {"Accept": "application/json"}
HERE = "/status/S1"


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
async def open_(build: Callable[..., Api], now: list[float]) -> Api:
    """An API that shows two charge points of one station to anybody."""
    api = build(public_status=True, public_status_per_minute=50, clock=lambda: now[0])
    await api.station("S1", "CP-secret-1", "CP-secret-2")
    await api.client.patch("/v1/stations/S1", json={"name": "Depot <b>7", "address": "Kade 1, Utrecht"})
    await api.rolled_up("CP-secret-1", "AVAILABLE", "FAULTED")
    await api.rolled_up("CP-secret-2", "OCCUPIED")
    del api.client.headers["Authorization"]
    return api


async def test_what_is_told_and_nothing_else(open_: Api) -> None:
    answer = await open_.client.get(HERE, headers=JSON)
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told.pop("since") == (await documents(open_))["since"]
    assert told == {
        "name": "Depot <b>7",
        "address": "Kade 1, Utrecht",
        "status": "AVAILABLE",
        "connectors": [
            {"charger": 1, "evse_id": 1, "connector_id": 1, "status": "AVAILABLE", "since": SINCE},
            {"charger": 1, "evse_id": 2, "connector_id": 1, "status": "FAULTED", "since": SINCE},
            {"charger": 2, "evse_id": 1, "connector_id": 1, "status": "OCCUPIED", "since": SINCE},
        ],
    }


async def documents(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await api.hot("plugwatch:station:s1")).document or b"")
    return found


async def test_a_page_for_a_driver(open_: Api) -> None:
    answer = await open_.client.get(HERE, headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for text in ("Depot &lt;b&gt;7", "Kade 1, Utrecht", "1 of 3 points free", "Out of order", "In use", "Charger 2"):
        assert text in answer.text
    assert "secret" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_ids_are_matched_case_insensitively(open_: Api) -> None:
    assert (await open_.client.get("/status/s1")).text == (await open_.client.get(HERE)).text


@pytest.mark.parametrize("form", [{}, JSON])
async def test_it_may_be_kept_for_seconds_and_asked_for_again_by_its_tag(
    open_: Api, now: list[float], form: dict[str, str]
) -> None:
    first = await open_.client.get(HERE, headers=form)
    assert first.headers["cache-control"] == "public, max-age=5"
    assert "Accept" in first.headers["vary"].split(", ")
    head = await open_.client.head(HERE, headers=form)
    assert (head.status_code, head.headers["etag"]) == (200, first.headers["etag"])
    held = form | {"If-None-Match": first.headers["etag"]}
    again = await open_.client.get(HERE, headers=held)
    assert (again.status_code, again.headers["cache-control"]) == (304, "public, max-age=5")
    await open_.rolled_up("CP-secret-2", "AVAILABLE")
    now[0] += KEPT_S
    assert (await open_.client.get(HERE, headers=held)).status_code == 200


async def test_it_is_compressed_for_who_takes_that(open_: Api) -> None:
    async with open_.client.stream("GET", HERE, headers={"Accept-Encoding": "gzip"}) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert b"Depot" in gzip.decompress(body)


@pytest.mark.parametrize("form", [{}, JSON])
async def test_what_is_not_there_is_as_if_nothing_were(
    open_: Api, build: Callable[..., Api], form: dict[str, str]
) -> None:
    off = build()

    async def refusal(api: Api, station: str) -> dict[str, Any]:
        answer = await api.client.get(f"/status/{station}", headers=form)
        told: dict[str, Any] = answer.json()
        assert told.pop("request_id")
        assert answer.status_code == 404
        return told | {name: value for name, value in answer.headers.items() if name != "x-request-id"}

    for station in ("none", "S1%20", "a" * 500, "%00", "..."):
        found = await refusal(open_, station)
        other = await refusal(off, station)
        assert {**found, "content-length": ""} == {**other, "content-length": ""}
    assert (await refusal(off, "S1"))["title"] == (await refusal(open_, "none"))["title"]


async def test_only_this_path_is_open(open_: Api) -> None:
    for path in ("/status", "/status/", "/status/S1/", "/status/S1/history", "/status/S1/..%2f..%2fv1%2fstations"):
        assert (await open_.client.get(path)).status_code == 404, path
    for path in ("/v1/stations/S1", "/v1/stations", "/v1/board", "/v1/charge-points/CP-secret-1"):
        assert (await open_.client.get(path)).status_code == 401, path
    assert (await open_.client.post(HERE)).status_code == 405


async def test_a_wrong_token_is_nobodys_business_here(open_: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            assert (await open_.client.get(HERE, headers=bearer("guessed"))).status_code == 200
    assert "a wrong token" not in caplog.text


async def test_an_address_that_asks_too_much_is_told_when_to_come_again(open_: Api, now: list[float]) -> None:
    for station in ("S1", "none") * 25:
        await open_.client.get(f"/status/{station}")
    refused = await open_.client.get(HERE)
    assert "your address may make 50 requests a minute" in problem(refused, 429).detail
    assert "no-store" not in refused.headers.get("cache-control", "")
    transport = httpx.ASGITransport(open_.app, client=("192.0.2.9", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://plugwatch.test") as other:
        assert (await other.get(HERE, headers={"X-Forwarded-For": "127.0.0.1"})).status_code == 200
    now[0] += int(refused.headers["Retry-After"])
    assert (await open_.client.get(HERE)).status_code == 200


async def test_a_crowd_at_one_station_costs_a_read(open_: Api, now: list[float]) -> None:
    before = await open_.reads("hot") + await open_.reads("postgres")
    for _ in range(10):
        assert (await open_.client.get(HERE)).status_code == 200
        assert (await open_.client.get("/status/s1", headers=JSON)).status_code == 200
    assert await open_.reads("hot") + await open_.reads("postgres") == before + 1
    now[0] += KEPT_S
    await open_.client.get(HERE)
    assert await open_.reads("hot") + await open_.reads("postgres") == before + 2


async def test_a_browser_that_is_refused_gets_words_for_a_driver(open_: Api) -> None:
    for _ in range(50):
        await open_.client.get(HERE)
    refused = await open_.client.get(HERE, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (refused.status_code, refused.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert refused.headers["Retry-After"]
    assert "cannot be shown just now" in refused.text
    assert refused.headers["content-security-policy"].startswith("default-src 'none'")


async def test_behind_a_trusted_proxy_each_driver_is_counted(build: Callable[..., Api], now: list[float]) -> None:
    proxies = [ip_network("127.0.0.0/8")]
    api = build(public_status=True, public_status_per_minute=2, trusted_proxies=proxies, clock=lambda: now[0])
    await api.station("S1")

    async def status(address: str) -> int:
        return (await api.client.get(HERE, headers={"X-Forwarded-For": address})).status_code

    assert [await status("203.0.113.7") for _ in range(3)] == [200, 200, 429]
    assert [await status(f"2001:db8::{n}") for n in (1, 2, 3)] == [200, 200, 429]
    assert await status("203.0.113.8") == 200


async def test_the_board_is_told_whether_there_is_one(build: Callable[..., Api]) -> None:
    for public, word in ((True, "on"), (False, "off")):
        page = (await build(public_status=public, gateway_port=9123).client.get("/")).text
        assert f'<meta name="plugwatch-public-status" content="{word}" />' in page
        assert '<meta name="plugwatch-gateway-port" content="9123" />' in page
        assert '<meta name="plugwatch-chargers-url" content="" />' in page
    page = (await build(chargers_url="wss://ocpp.example.org/").client.get("/")).text
    assert '<meta name="plugwatch-chargers-url" content="wss://ocpp.example.org/" />' in page
