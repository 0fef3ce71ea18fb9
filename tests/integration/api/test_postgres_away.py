"""Postgres is away in every way there is: sockets stay, answers are 503 in time, and all of it heals by itself."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from local.stack import Stack
from tests.integration.api.operated import Ingest, plugged
from tests.integration.api.served import Api, eventually
from tests.integration.read_only import read_only

WAYS = ["read-only", "paused", "killed", "renamed", "password", "terminated"]


@contextlib.asynccontextmanager
async def away(how: str, stack: Stack, database: str) -> AsyncIterator[None]:
    """Postgres is so for the block."""
    admin = await asyncpg.connect(stack.postgres.url)

    async def throw_out() -> None:
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database)

    match how:
        case "read-only":
            async with read_only(stack.postgres.url):
                yield
        case "paused":
            stack.postgres.pause()
            try:
                yield
            finally:
                stack.postgres.resume()
        case "killed":
            stack.postgres.kill()
            try:
                yield
            finally:
                stack.postgres.start()
        case "renamed":
            await admin.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS off')
            await throw_out()
            await admin.execute(f'ALTER DATABASE "{database}" RENAME TO elsewhere')
            try:
                yield
            finally:
                await admin.execute(f'ALTER DATABASE elsewhere RENAME TO "{database}"')
                await admin.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS on')
        case "password":
            await admin.execute("ALTER ROLE plugwatch PASSWORD 'another'")
            await throw_out()
            try:
                yield
            finally:
                await admin.execute(f"ALTER ROLE plugwatch PASSWORD '{stack.postgres.password}'")
        case _:
            await throw_out()
            yield
    await admin.close()


@pytest.mark.parametrize("how", WAYS)
async def test_sockets_stay_answers_are_503_in_time_and_it_heals(
    how: str, stack: Stack, database_url: str, api: Api, ingest: Ingest
) -> None:
    gateway = ingest.gateways[0]
    pids = [process.pid for process in (*ingest.gateways, ingest.rollup)]
    charge_point = f"CP-{how}"  # the gateways know those of the other cases for a while, deleted as they are
    await api.station("S1", charge_point)
    async with plugged(api, gateway, charge_point) as plug:
        async with away(how, stack, urlsplit(database_url).path[1:]):
            await plug.report("Charging")  # acknowledged: the log has it
            if how != "terminated":
                for answer in await asyncio.gather(*(timed(api, *one) for one in asked(how))):
                    assert answer.status_code == 503, answer.text
                    assert answer.headers["Content-Type"] == "application/problem+json"
                    assert answer.headers["Retry-After"]
                states = (await api.client.get("/readyz")).json()["dependencies"]
                assert states["postgres"] == ("read-only" if how == "read-only" else "away")
                state = await rollup_state(ingest)
                assert (state["postgres"], state["kafka"]) == ("unavailable", "ok")
        began = time.monotonic()
        await eventually(lambda: is_charging(api, charge_point))
        await eventually(lambda: is_written(api))
        assert time.monotonic() - began < 10
        await plug.report("Available")  # on the same socket
    assert [process.pid for process in (*ingest.gateways, ingest.rollup)] == pids
    assert not any(gateway.complaints() for gateway in ingest.gateways)


def asked(how: str) -> list[tuple[str, str]]:
    """What needs Postgres; a read-only one is enough for what reads."""
    writes = [("PATCH", "/v1/stations/S1"), ("POST", "/v1/stations")]
    reads = [("GET", "/v1/stations"), ("GET", "/v1/charge-points"), ("GET", "/v1/stations/S1/history")]
    return writes if how == "read-only" else writes + reads


async def timed(api: Api, method: str, path: str) -> httpx.Response:
    began = time.monotonic()
    answer = await api.client.request(method, path, **({"json": {"name": "New"}} if method != "GET" else {}))  # type: ignore[arg-type]
    assert time.monotonic() - began < 3, path
    return answer


async def rollup_state(ingest: Ingest) -> dict[str, str]:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        answer = await client.get(f"http://127.0.0.1:{ingest.rollup.ready_port}/readyz")
    assert answer.status_code == 503
    states: dict[str, str] = answer.json()["dependencies"]
    return states


async def is_charging(api: Api, charge_point: str) -> bool:
    answer = await api.client.get(f"/v1/charge-points/{charge_point}")
    return answer.status_code == 200 and answer.json()["status"] == "OCCUPIED"


async def is_written(api: Api) -> bool:
    return (await api.client.patch("/v1/stations/S1", json={"name": "Healed"})).status_code == 200
