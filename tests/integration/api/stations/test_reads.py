"""Documents by id: the same bytes from Redis and from Postgres, and no waiting for a Redis that is away."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import httpx
import pytest
from redis.asyncio import Redis

from local.stack import Stack
from shared.http.server import serving
from shared.stores import hot, postgres
from shared.stores.lua import hot_scripts
from tests.integration.api.operated import Ingest, new_id, plugged
from tests.integration.api.served import Api, eventually, vouched
from tests.integration.refusing import REFUSALS, refusing

PATHS = ("/v1/stations/S1", "/v1/charge-points/CP1")


@pytest.fixture
async def redis_again(stack: Stack) -> AsyncIterator[None]:
    """Whatever a test does to Redis, the next one finds it running."""
    yield
    stack.redis.resume()
    if not stack.redis.alive:
        stack.redis.start()


async def busy_station(api: Api) -> None:
    await api.station("S1", "CP1", "CP 2")
    await api.client.patch("/v1/stations/S1", json={"name": "Straße 🚗", "latitude": 52.0, "longitude": -0.125})
    await api.rolled_up("CP1", "UNAVAILABLE", "AVAILABLE", "FAULTED", "OCCUPIED", "RESERVED", "UNKNOWN")
    await api.rolled_up("CP 2", "FAULTED", connectivity="OFFLINE")


@pytest.mark.parametrize("path", PATHS)
async def test_redis_and_postgres_give_the_same_bytes_and_tag(api: Api, redis: Redis, path: str) -> None:
    await busy_station(api)
    from_redis = await api.client.get(path)
    assert await api.reads("postgres") == 0
    await redis.flushall()
    from_postgres = await api.client.get(path)
    assert await api.reads("postgres") == 1
    assert from_postgres.content == from_redis.content
    assert from_postgres.headers["ETag"] == from_redis.headers["ETag"]


async def test_head_is_get_without_the_body(api: Api) -> None:
    await busy_station(api)
    async with serving(api.app, "127.0.0.1", 0) as port, httpx.AsyncClient(headers=api.client.headers) as client:
        for path in (
            *PATHS,
            "/v1/stations",
            "/v1/charge-points/CP1/history",
            "/v1/export",
            "/v1/stations/none",
            "/none",
        ):
            url = f"http://127.0.0.1:{port}{path}"
            got, head = await client.get(url), await client.head(url)
            assert (head.status_code, head.content) == (got.status_code, b"")
            for name in ("ETag", "Content-Type", "Content-Length", "Link"):
                assert head.headers.get(name) == got.headers.get(name), (path, name)
        assert (await client.head(f"http://127.0.0.1:{port}/v1/stream")).status_code == 405, "it has no end"
        refused = await client.put(f"http://127.0.0.1:{port}/v1/stations")
        assert refused.headers["Allow"] == "GET, HEAD, POST"


async def test_redis_killed_midway_costs_no_request_and_no_waiting(api: Api, stack: Stack, redis_again: None) -> None:
    await busy_station(api)
    before = [(await api.client.get(path)).content for path in PATHS]
    stack.redis.kill()
    began = time.monotonic()
    answers = [await api.client.get(PATHS[n % 2]) for n in range(40)]
    assert time.monotonic() - began < 5
    assert [answer.content for answer in answers] == before * 20
    stack.redis.start()

    await vouched(api.copy)

    async def hot_again() -> bool:
        await api.client.patch("/v1/stations/S1", json={"name": f"at {time.monotonic()}"})
        known = await api.reads("hot")
        await api.client.get(PATHS[0])
        return await api.reads("hot") > known

    await eventually(hot_again)


async def test_a_redis_that_hangs_is_asked_once_a_second_at_most(api: Api, stack: Stack, redis_again: None) -> None:
    await busy_station(api)
    expected = (await api.client.get(PATHS[0])).content
    stack.redis.pause()
    began = time.monotonic()
    together = await asyncio.gather(*(api.client.get(PATHS[0]) for _ in range(20)))
    assert time.monotonic() - began < 1.9  # those behind the first do not wait for a second of their own
    began = time.monotonic()
    after = [await api.client.get(PATHS[0]) for _ in range(10)]
    assert time.monotonic() - began < 3
    assert {answer.content for answer in (*together, *after)} == {expected}


async def test_a_write_is_committed_and_noted_while_redis_is_away(
    api: Api, stack: Stack, redis_again: None, caplog: pytest.LogCaptureFixture
) -> None:
    await api.station("S1", "CP1")
    stack.redis.kill()
    patched = await api.client.patch("/v1/stations/S1", json={"name": "new"})
    assert patched.status_code == 200
    assert (await api.client.get("/v1/stations/S1")).json()["name"] == "new"
    key = await api.pool.fetchval("SELECT key FROM stations WHERE id = 'S1'")
    notes = await api.pool.fetch("SELECT station_keys, charge_point_keys FROM unpublished")
    assert [(row["station_keys"], row["charge_point_keys"]) for row in notes] == [([key], [])]
    assert "a rollup publishes it" in caplog.text


async def test_a_write_that_redis_took_leaves_no_note(api: Api) -> None:
    await api.station("S1", "CP1")
    await api.client.patch("/v1/charge-points/CP1", json={"station_id": None})
    await api.client.delete("/v1/stations/S1")
    assert await api.pool.fetchval("SELECT count(*) FROM unpublished") == 0


async def test_a_late_write_does_not_replace_a_newer_document(api: Api) -> None:
    await api.station("S1")
    old = await api.hot(hot.station_key("S1"))
    await api.client.patch("/v1/stations/S1", json={"name": "new"})
    await api.copy.publish([hot.Change("station", "S1", None, 1, old.etag, old.document)])
    assert (await api.client.get("/v1/stations/S1")).json()["name"] == "new"


@pytest.mark.parametrize("path", PATHS)
async def test_a_client_that_holds_the_document_gets_304_until_it_changes(api: Api, path: str) -> None:
    await api.station("S1", "CP1")
    tag = (await api.client.get(path)).headers["ETag"]
    for held in (tag, f'"0.0", W/{tag}', "*"):
        answer = await api.client.get(path, headers={"If-None-Match": held})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
    await api.rolled_up("CP1", "FAULTED")
    changed = await api.client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


@pytest.mark.parametrize(("path", "patch"), [(PATHS[0], {"name": "new"}), (PATHS[1], {"registration": "REJECTED"})])
async def test_if_match_lets_a_busy_thing_be_edited_but_not_overwritten(
    api: Api, path: str, patch: dict[str, str]
) -> None:
    await api.station("S1", "CP1")
    tag = (await api.client.get(path)).headers["ETag"]
    await api.rolled_up("CP1", "OCCUPIED")
    assert (await api.client.patch(path, json=patch, headers={"If-Match": tag})).status_code == 200
    for answer in (
        await api.client.patch(path, json=patch, headers={"If-Match": tag}),
        await api.client.delete(path, headers={"If-Match": tag}),
    ):
        assert answer.status_code == 412
    assert (await api.client.get(path)).status_code == 200
    assert (await api.client.delete(path, headers={"If-Match": "*"})).status_code == 204
    assert (await api.client.delete(path, headers={"If-Match": "*"})).status_code == 404


@pytest.mark.parametrize("path", PATHS)
async def test_what_nobody_vouches_for_comes_from_postgres(api: Api, path: str) -> None:
    await busy_station(api)
    await api.pool.execute("UPDATE stations SET name = 'only in Postgres'")
    old = await api.client.get(path)
    assert (await api.reads("hot"), await api.reads("postgres")) == (1, 0)
    await api.copy.withdraw()
    new = await api.client.get(path)
    assert await api.reads("postgres") == 1
    assert "Age" not in new.headers
    if path == PATHS[0]:
        assert (old.json()["name"], new.json()["name"]) == ("Straße 🚗", "only in Postgres")
    await vouched(api.copy)
    assert (await api.client.get(path)).content == old.content
    assert await api.reads("hot") == 2


async def test_who_was_shown_a_document_of_postgres_is_shown_no_older_one_of_redis(api: Api) -> None:
    await busy_station(api)
    await api.pool.execute("UPDATE stations SET name = 'only in Postgres', revision = revision + 1")
    await api.copy.withdraw()
    new = await api.client.get(PATHS[0])
    await vouched(api.copy)
    assert (await api.client.get(PATHS[0])).content == new.content
    assert await api.reads("postgres") == 2
    await api.copy.publish([hot.Change("station", "S1", None, 10**9, '"1.1000000000"', b'{"id":"newer"}')])
    assert (await api.client.get(PATHS[0])).json()["id"] == "newer"


@pytest.mark.parametrize("path", PATHS)
async def test_with_postgres_away_as_well_it_is_served_with_its_age(
    api: Api, build: Callable[..., Api], path: str
) -> None:
    await busy_station(api)
    fresh = await api.client.get(path)
    await api.copy.mark(await api.copy.now() - 75_000, 3)
    async with postgres.pool("postgresql://nobody@127.0.0.1:1/nothing", size=1, name="test") as nowhere:
        blind = build(pool=nowhere)
        for _ in range(3):
            stale = await blind.client.get(path)
            assert (stale.status_code, stale.content) == (200, fresh.content)
            assert 75 <= int(stale.headers["Age"]) < 80
        held = await blind.client.get(path, headers={"If-None-Match": fresh.headers["ETag"]})
        assert (held.status_code, 75 <= int(held.headers["Age"]) < 80) == (304, True)
        assert await blind.reads("stale") == 4
        ready = await blind.client.get("/readyz")
        assert ready.status_code == 200, "old documents are better than none"
        assert ready.json()["dependencies"] == {"redis": "stale", "postgres": "away"}
        assert (await blind.client.get(path + "-unknown")).status_code == 503
        await vouched(api.copy)
        assert "Age" not in (await blind.client.get(path)).headers


async def test_a_copy_that_is_stale_is_one_line_and_one_when_it_is_not(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await api.station("S1", "CP1")
    await api.copy.withdraw()
    for _ in range(10):
        await api.client.get(PATHS[0])
    await vouched(api.copy)
    for _ in range(10):
        await api.client.get(PATHS[0])
    said = [record.message for record in caplog.records if "copy" in record.message]
    assert [("vouches" in one, "fresh again" in one) for one in said] == [(True, False), (False, True)]


@pytest.mark.parametrize("how", REFUSALS)
async def test_what_a_charger_says_shows_while_redis_refuses_writes(
    how: str, api: Api, ingest: Ingest, redis: Redis
) -> None:
    charge_point, station = new_id(), new_id("S")
    await api.station(station, charge_point)
    async with plugged(api, ingest.gateways[0], charge_point) as plug:

        async def is_shown(status: str) -> bool:
            paths = (f"/v1/charge-points/{charge_point}", f"/v1/stations/{station}")
            return all([(await api.client.get(path)).json()["status"] == status for path in paths])

        async def is_hot() -> bool:
            known = await api.reads("hot")
            return await is_shown("AVAILABLE") and await api.reads("hot") == known + 2

        async def is_renewed() -> bool:
            until = await cast("Awaitable[str | None]", redis.hget(hot_scripts.FRESH, "until"))
            return await api.copy.now() < int(until or 0) < await api.copy.now() + 10_000

        await eventually(is_renewed)
        await eventually(is_hot)
        async with refusing(redis, how):
            for status, shown in (("Charging", "OCCUPIED"), ("Faulted", "FAULTED"), ("Available", "AVAILABLE")):
                await plug.report(status)
                await eventually(lambda shown=shown: is_shown(shown))  # type: ignore[misc]
            for process, port in (
                ("rollup", int(ingest.rollup.environment["PLUGWATCH_ROLLUP_ADMIN_PORT"])),
                ("gateway", ingest.gateways[0].admin_port),
            ):
                ready = await _readiness(port)
                assert (ready.status_code, ready.json()["dependencies"]["redis"]) == (200, "unavailable"), process
            states = (await api.client.get("/readyz")).json()["dependencies"]
            assert states == {"redis": "stale", "postgres": "ok"}
        await eventually(is_hot)


async def _readiness(port: int) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{port}/readyz")


async def test_a_write_waits_seconds_at_most_for_a_redis_that_is_frozen(
    api: Api, stack: Stack, redis_again: None
) -> None:
    await api.station("S1")
    stack.redis.pause()
    began = time.monotonic()
    assert (await api.client.patch("/v1/stations/S1", json={"name": "new"})).status_code == 200
    assert time.monotonic() - began < 3
