"""A database a module, an empty Redis and a topic of its own a test."""

from collections.abc import AsyncIterator
from secrets import token_hex

import pytest
from redis.asyncio import Redis

from local.stack import Stack
from shared.stores import postgres, redis_client
from shared.stores.postgres import Pool
from tests.integration.rollup.parts import Fleet


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Postgres with nothing in it but the schema."""
    async with postgres.pool(database_url, size=6, name="test") as opened:
        await opened.execute("TRUNCATE stations, charge_points, reports, history, unpublished, gateways CASCADE")
        yield opened


@pytest.fixture
async def redis(stack: Stack) -> AsyncIterator[Redis]:
    """Redis with nothing in it."""
    async with redis_client.client(stack.redis_url) as client:
        await client.flushall()
        yield client


@pytest.fixture
def fleet(pool: Pool) -> Fleet:
    return Fleet(pool)


@pytest.fixture
def topic(stack: Stack) -> str:
    """A topic, and its dead-letter topic, that nobody else uses."""
    name = f"events-{token_hex(4)}"
    stack.broker.create_topic(name)
    stack.broker.create_topic(f"{name}.dlq")
    return name
