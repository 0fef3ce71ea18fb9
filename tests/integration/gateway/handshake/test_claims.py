"""Claims of session epochs: when many chargers come at once, and from a Redis that does not do what is asked."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from ingest.gateway.handshake.claims import AT_ONCE, Claims
from local.stack import Stack
from shared.stores import redis_client
from tests.integration.refusing import REFUSALS, refusing

STORM = 200
TIMEOUT_S = 4  #: more than a gateway waits: what Redis answers counts here, however slow the machine


@pytest.fixture
async def redis(stack: Stack) -> AsyncIterator[Redis]:
    async with redis_client.client(stack.redis_url) as client:
        client.connection_pool.connection_kwargs["socket_connect_timeout"] = 60
        yield client


async def test_a_storm_of_chargers_is_claimed_in_redis_to_the_last(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    storm = range(1_000_000, 1_001_000)
    claims = Claims(redis, gateway_id="storm", timeout_s=60)
    first = await asyncio.gather(*(claims.claim(key, 1_000, 0) for key in storm))
    assert first == [1_000] * len(storm)
    again = await asyncio.gather(*(claims.claim(key, 1_000, 0) for key in storm))
    assert again == [1_001] * len(storm)
    assert "Redis is away" not in caplog.text


async def test_what_somebody_else_put_under_the_key_of_a_session_makes_room(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    await redis.set("plugwatch:session:1999999", "x")
    claims = Claims(redis, gateway_id="claimant", timeout_s=TIMEOUT_S)
    assert [await claims.claim(1_999_999, 1_000, 0) for _ in range(2)] == [1_000, 1_001]
    assert "Redis is away" not in caplog.text


async def test_a_redis_that_forgot_the_script_still_orders_sessions(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    claims = Claims(redis, gateway_id="claimant", timeout_s=TIMEOUT_S)
    epochs = []
    for _ in range(3):
        await redis.script_flush()
        epochs.append(await claims.claim(1_999_998, 1_000, 0))
    assert epochs == [1_000, 1_001, 1_002]
    assert "Redis is away" not in caplog.text


@pytest.mark.parametrize(("first", "how"), list(enumerate((*REFUSALS, "frozen"))))
async def test_without_redis_the_clock_decides_soon_and_that_is_said_once(
    first: int, how: str, stack: Stack, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first = 2_000_000 + 1_000 * first  # nobody claimed it before
    async with redis_client.client(stack.redis_url) as operator:
        claims = Claims(redis, gateway_id="claimant", timeout_s=TIMEOUT_S)
        assert await claims.claim(first, 1_000, 0) == 1_000

        async def storm() -> None:
            began = time.monotonic()
            epochs = await asyncio.gather(*(claims.claim(key, 5_000, 6_000) for key in range(first, first + STORM)))
            assert epochs == [6_001] * STORM
            assert time.monotonic() - began < TIMEOUT_S * STORM // AT_ONCE, "one after the other"

        if how == "frozen":
            stack.redis.pause()
            try:
                await storm()
            finally:
                stack.redis.resume()
        else:
            async with refusing(operator, how):
                await storm()
        assert await claims.claim(first + 1, 7_000, 0) == 7_000
    levels = [record.levelname for record in caplog.records if record.name == "plugwatch.gateway.claims"]
    assert levels == ["WARNING", "INFO"]
