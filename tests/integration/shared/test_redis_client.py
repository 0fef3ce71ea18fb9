"""The Redis client: a server that was writable before a failover, or forgot; and answers that nobody waits for."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from local.stack import Stack
from shared.stores import redis_client
from shared.stores.redis_client import Script


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


async def test_a_redis_that_forgot_its_scripts_is_given_them_again(stack: Stack) -> None:
    async with redis_client.client(stack.redis_url) as redis:
        script = Script(redis, "return {KEYS[1], ARGV[1]}")
        await redis.script_flush()
        assert await script(["a"], [1]) == [b"a", b"1"]
        assert await script(["a"], [2]) == [b"a", b"2"]
        await redis.script_flush()
        assert await script.after([("ECHO", "before")], ["a"], ["b"]) == [b"before", [b"a", b"b"]]


async def test_what_is_refused_or_given_up_answers_nobody_else(stack: Stack) -> None:
    async with redis_client.client(stack.redis_url) as redis:
        with pytest.raises(ResponseError, match="unknown command"):
            await redis_client.at_once(redis, ("ECHO", "a"), ("NONE",), ("ECHO", "b"))
        assert await redis_client.at_once(redis, ("ECHO", "c")) == [b"c"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await redis_client.at_once(redis, ("ECHO", "d"), ("XREAD", "BLOCK", 500, "STREAMS", "none", "0"))
        assert await redis_client.at_once(redis, ("ECHO", "e")) == [b"e"]
