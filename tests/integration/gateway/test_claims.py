"""Claims of session epochs, when many chargers come at once."""

import asyncio

import pytest

from ingest.gateway.claims import Claims
from local.stack import Stack
from shared import hot


async def test_a_storm_of_chargers_is_claimed_in_redis_to_the_last(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    storm = range(1_000_000, 1_001_000)
    async with hot.client(stack.redis_url) as redis:
        claims = Claims(redis, gateway_id="storm")
        first = await asyncio.gather(*(claims.claim(key, 1_000, 0) for key in storm))
        assert first == [1_000] * len(storm)
        again = await asyncio.gather(*(claims.claim(key, 1_000, 0) for key in storm))
    assert again == [1_001] * len(storm)
    assert "Redis is away" not in caplog.text
