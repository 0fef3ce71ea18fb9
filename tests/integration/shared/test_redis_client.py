"""The Redis client: a server that was writable before a failover, or forgot; and answers that nobody waits for."""

import asyncio
from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from local.stack import Stack
from shared.stores import redis_client
from shared.stores.redis_client import Script

SET = "return redis.call('SET', 'a', 1)"
WAIT = ("XREAD", "BLOCK", 500, "STREAMS", "none", "0")


async def connection_id(redis: Redis) -> int:
    return int(await redis.client_id())


@pytest.mark.parametrize(
    "write",
    [
        lambda redis: redis.set("a", 1),
        lambda redis: redis.eval(SET, 0),
        lambda redis: redis_client.at_once(redis, ("ECHO", "a"), ("SET", "a", 1), ("ECHO", "b")),
        lambda redis: Script(redis, SET)(),
    ],
    ids=["client", "client-lua", "at_once", "script"],
)
async def test_a_connection_that_got_readonly_is_not_used_again(
    stack: Stack, write: Callable[[Redis], Awaitable[Any]]
) -> None:
    async with redis_client.client(stack.redis_url) as redis, redis_client.client(stack.redis_url) as operator:
        before = await connection_id(redis)
        assert await connection_id(redis) == before
        await operator.replicaof("127.0.0.1", "1")
        try:
            with pytest.raises(ResponseError, match="read only"):
                await write(redis)
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
        for _ in ("given", "known"):
            assert await script.after([("ECHO", "before")], ["a"], ["b"]) == [b"before", [b"a", b"b"]]


async def test_a_script_that_redis_knows_is_not_sent_again(stack: Stack) -> None:
    word = token_hex(8)
    async with redis_client.client(stack.redis_url) as redis:
        script = Script(redis, "return ARGV[1]")
        await script()
        async with asyncio.timeout(30), redis.monitor() as sent:
            assert await script(arguments=[word]) == word.encode()
            while word not in (command := (await sent.next_command())["command"]):
                pass
        assert command.startswith("EVALSHA ")


async def test_what_is_refused_or_given_up_answers_nobody_else(stack: Stack) -> None:
    async with redis_client.client(stack.redis_url) as redis:
        with pytest.raises(ResponseError, match="unknown command"):
            await redis_client.at_once(redis, ("ECHO", "a"), ("NONE",), ("ECHO",), ("ECHO", "b"))
        assert await redis_client.at_once(redis, ("ECHO", "c")) == [b"c"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await redis_client.at_once(redis, ("ECHO", "d"), WAIT)
        assert await redis_client.at_once(redis, ("ECHO", "e")) == [b"e"]


async def test_a_connection_is_used_again_after_an_answer_and_after_a_refusal(stack: Stack) -> None:
    async with redis_client.client(stack.redis_url) as redis:
        before = await connection_id(redis)
        assert await redis_client.at_once(redis, ("ECHO", "a"), ("ECHO", "b")) == [b"a", b"b"]
        with pytest.raises(ResponseError):
            await redis_client.at_once(redis, ("NONE",), ("ECHO", "c"))
        assert await connection_id(redis) == before


async def test_what_redis_does_not_answer_in_time_is_its_error(stack: Stack) -> None:
    async with redis_client.client(stack.redis_url) as redis:
        async with redis_client.answering():
            assert await redis_client.at_once(redis, WAIT) == [None]
        with pytest.raises(RedisError, match="does not answer"):
            async with redis_client.answering(longer_s=0.05 - redis_client.TIMEOUT_S):
                await redis_client.at_once(redis, WAIT)


async def test_a_redis_that_is_read_only_costs_no_connection_whoever_gives_up_on_it(stack: Stack) -> None:
    async with redis_client.client(stack.redis_url) as redis, redis_client.client(stack.redis_url) as operator:
        await operator.replicaof("127.0.0.1", "1")
        try:
            for turns in range(40):
                asked = [asyncio.create_task(redis_client.at_once(redis, ("SET", "a", 1))) for _ in range(10)]
                for _ in range(turns):
                    await asyncio.sleep(0)
                for one in asked[::2]:
                    one.cancel()
                await asyncio.gather(*asked, return_exceptions=True)
        finally:
            await operator.replicaof("NO", "ONE")
        async with asyncio.timeout(10):
            await asyncio.gather(*(redis_client.at_once(redis, ("SET", "a", 1)) for _ in range(100)))
