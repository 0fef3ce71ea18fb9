"""The API in this process, over a real Postgres and a real Redis."""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from api import app as api_app
from api.commands.gateway_calls import GatewayCalls, listening
from api.http.access import Access
from api.live.stream import Stream
from api.metrics import Metrics
from api.readiness import Readiness
from local.stack import Stack
from shared.process.admin import metrics_registry
from shared.stores import postgres, redis_client
from shared.stores.hot import HotCopy
from shared.stores.postgres import Pool
from tests.integration.api.operated import Ingest, ingesting
from tests.integration.api.served import ADMIN, METRICS, READ, Api, bearer, vouched


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with postgres.pool(database_url, size=5, name="test") as opened:
        await opened.execute(
            "TRUNCATE stations, charge_points, reports, unpublished, audit, unknown_charge_points, idempotency CASCADE"
        )
        yield opened


@pytest.fixture
async def redis(stack: Stack) -> AsyncIterator[Redis]:
    async with redis_client.client(stack.redis_url) as client:
        await client.flushall()
        yield client


@pytest.fixture
def redis_again(stack: Stack) -> Iterator[None]:
    yield
    stack.redis.resume()
    if not stack.redis.alive:
        stack.redis.start()


@pytest.fixture
async def copy(redis: Redis) -> HotCopy:
    copy = HotCopy(redis, stream_length=1000)
    await vouched(copy)
    return copy


@pytest.fixture
async def calls(redis: Redis) -> AsyncIterator[GatewayCalls]:
    async with listening(redis) as calls:
        yield calls


@pytest.fixture
async def build(pool: Pool, copy: HotCopy, calls: GatewayCalls) -> AsyncIterator[Callable[..., Api]]:
    """Makes the application with the settings of a test."""
    clients: list[httpx.AsyncClient] = []

    def built(
        *,
        tokens: bool = True,
        pool: Pool = pool,
        copy: HotCopy = copy,
        read: Sequence[str] = (READ,),
        admin: Sequence[str] = (ADMIN,),
        **settings: object,
    ) -> Api:
        access = Access(
            read=[SecretStr(one) for one in read] if tokens else (),
            admin=[SecretStr(one) for one in admin] if tokens else (),
            metrics=(SecretStr(METRICS),) if tokens else (),
        )
        readiness = Readiness(copy, pool)
        metrics = Metrics(metrics_registry())
        stream = Stream(copy, metrics)
        app = api_app.create(
            pool,
            copy,
            access,
            readiness,
            stream,
            metrics,
            calls=calls,
            **({"now": lambda: time.time_ns() // 1_000_000} | settings),  # type: ignore[arg-type]
        )
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://plugwatch.test", headers=bearer(ADMIN), timeout=30
        )
        clients.append(client)
        return Api(app, client, pool, copy, readiness, stream)

    yield built
    for client in clients:
        await client.aclose()


@pytest.fixture
def api(build: Callable[..., Api]) -> Api:
    return build()


@pytest.fixture(scope="module")
def ingest(stack: Stack, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    """Two gateways and a rollup on the database of the module."""
    with ingesting(stack, database_url, tmp_path_factory.mktemp("ingest")) as running:
        yield running
