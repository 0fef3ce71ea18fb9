"""The API in this process, over a real Postgres and a real Redis."""

import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from api import app as api_app
from api.access import Access
from api.readiness import Readiness
from local.stack import Stack
from shared import hot, postgres
from shared.hot import HotCopy
from shared.postgres import Pool
from tests.integration.api.served import ADMIN, METRICS, READ, Api, bearer


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with postgres.pool(database_url, size=5, name="test") as opened:
        await opened.execute("TRUNCATE stations, charge_points, reports, unpublished CASCADE")
        yield opened


@pytest.fixture
async def redis(stack: Stack) -> AsyncIterator[Redis]:
    async with hot.client(stack.redis_url) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def copy(redis: Redis) -> HotCopy:
    return HotCopy(redis, stream_length=1000)


@pytest.fixture
async def build(pool: Pool, copy: HotCopy) -> AsyncIterator[Callable[..., Api]]:
    """Makes the application with the settings of a test."""
    clients: list[httpx.AsyncClient] = []

    def built(*, tokens: bool = True, pool: Pool = pool, **settings: object) -> Api:
        access = Access(
            read=(SecretStr(READ),) if tokens else (),
            admin=(SecretStr(ADMIN),) if tokens else (),
            metrics=(SecretStr(METRICS),) if tokens else (),
        )
        readiness = Readiness(copy, pool)
        app = api_app.create(
            pool,
            copy,
            access,
            readiness,
            now=lambda: time.time_ns() // 1_000_000,
            **settings,  # type: ignore[arg-type]
        )
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://plugwatch.test", headers=bearer(ADMIN), timeout=30
        )
        clients.append(client)
        return Api(app, client, pool, copy, readiness)

    yield built
    for client in clients:
        await client.aclose()


@pytest.fixture
def api(build: Callable[..., Api]) -> Api:
    return build()
