"""The Redis client: what it does about a server that was writable before a failover."""

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from local.stack import Stack
from shared.stores import redis_client


async def connection_id(redis: Redis) -> int:
    return int(await redis.client_id())


@pytest.mark.parametrize("scripted", [False, True])
async def test_a_connection_that_got_readonly_is_not_used_again(stack: Stack, scripted: bool) -> None:
    async with redis_client.client(stack.redis_url) as redis, redis_client.client(stack.redis_url) as operator:
        before = await connection_id(redis)
        assert await connection_id(redis) == before
        await operator.replicaof("127.0.0.1", "1")
        try:
            with pytest.raises(ResponseError, match="read only"):
                await (redis.eval("return redis.call('SET', 'a', 1)", 0) if scripted else redis.set("a", 1))
        finally:
            await operator.replicaof("NO", "ONE")
        assert await connection_id(redis) != before
