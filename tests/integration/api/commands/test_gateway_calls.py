"""Questions to gateways over Redis, and their answers: late, doubled, lost."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

from api.commands import commands, gateway_calls
from api.commands.gateway_calls import GatewayCalls, Lost, NobodyThere, listening
from api.http.problems import Unavailable
from local.stack import Stack
from shared.stores import redis_client
from shared.words import gateways
from shared.words.gateways import Told
from tests.integration.api.served import eventually
from tests.integration.severed import proxied


async def test_who_waits_while_redis_dies_is_told_so(
    calls: GatewayCalls, redis: Redis, stack: Stack, redis_again: None
) -> None:
    async with redis.pubsub() as ear:
        await ear.subscribe(gateways.channel("deaf"))
        question = asyncio.create_task(calls.ask("deaf", 1, "reset", timeout_s=30))
        while (await ear.get_message(timeout=1) or {}).get("type") != "message":
            pass
        stack.redis.kill()
        with pytest.raises(Unavailable, match="may have done it"):
            await question
    assert calls.under_way == 0


async def test_late_doubled_and_unreadable_answers_change_nothing(
    calls: GatewayCalls, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    async with redis.pubsub() as gateway:
        await gateway.subscribe(gateways.channel("slow"))
        with pytest.raises(TimeoutError):
            await calls.ask("slow", 1, "reset", timeout_s=0.2)
        question = asyncio.create_task(calls.ask("slow", 1, "reset", timeout_s=5))
        asked: list[gateways.Ask] = []
        while len(asked) < 2:
            if (message := await gateway.get_message(timeout=1)) and message["type"] == "message":
                ask = gateways.decode(message["data"])
                assert isinstance(ask, gateways.Ask)
                asked.append(ask)
        late, now = asked
        await redis.publish(now.reply_to, b"not an answer")
        for told in (Told(late.id, status="Late"), Told(now.id, status="Once"), Told(now.id, status="Twice")):
            await redis.publish(now.reply_to, gateways.encode(told))
        assert (await question).status == "Once"
    assert "cannot be read" in caplog.text
    assert calls.under_way == 0


async def test_a_hundred_questions_at_once_find_their_answers(calls: GatewayCalls, redis: Redis) -> None:
    async def answer_all() -> None:
        async with redis.pubsub() as gateway:
            await gateway.subscribe(gateways.channel("quick"))
            while True:
                message = await gateway.get_message(timeout=1)
                if message and message["type"] == "message":
                    ask = gateways.decode(message["data"])
                    assert isinstance(ask, gateways.Ask)
                    told = Told(ask.id, status=str(ask.charge_point_key))
                    await redis.publish(ask.reply_to, gateways.encode(told))

    gateway = asyncio.create_task(answer_all())

    async def asked(key: int) -> bool:
        with_somebody = await calls.ask("quick", key, "reset", timeout_s=5)
        return with_somebody.status == str(key)

    async def there() -> bool:
        return bool((await redis.pubsub_numsub(gateways.channel("quick")))[0][1])

    await eventually(there)
    assert all(await asyncio.gather(*(asked(key) for key in range(100))))
    gateway.cancel()
    assert calls.under_way == 0
    assert gateway_calls.SUBSCRIBED_WITHIN_S < commands.TIMEOUT_S


async def test_an_answer_is_heard_again_soon_after_our_connection_fell_silent(stack: Stack, redis: Redis) -> None:
    async def answer() -> None:
        async with redis.pubsub() as subscription:
            await subscription.subscribe(gateways.channel("here"))
            async for message in subscription.listen():
                if message["type"] == "message":
                    ask = gateways.decode(message["data"])
                    assert isinstance(ask, gateways.Ask)
                    await redis.publish(ask.reply_to, gateways.encode(Told(ask.id, status="Accepted")))

    async with (
        proxied(stack.redis.port) as proxy,
        redis_client.client(f"redis://127.0.0.1:{proxy.port}/0") as severed,
        listening(severed) as calls,
        asyncio.TaskGroup() as group,
    ):
        gateway = group.create_task(answer())

        async def told() -> bool:
            try:
                return (await calls.ask("here", 1, "trigger", timeout_s=0.5)).status == "Accepted"
            except (Unavailable, TimeoutError, NobodyThere):
                return False

        await eventually(told)
        proxy.cut()
        cut = time.monotonic()
        await eventually(told, 60)
        assert time.monotonic() - cut < 18  # 13 s, and a question that was under way
        gateway.cancel()


async def test_who_asked_and_cannot_see_whether_redis_took_it_is_told_that_it_may_have(
    stack: Stack, redis: Redis
) -> None:
    async with (
        proxied(stack.redis.port) as proxy,
        redis_client.client(f"redis://127.0.0.1:{proxy.port}/0") as severed,
        listening(severed) as calls,
        redis.pubsub() as gateway,
    ):
        await gateway.subscribe(gateways.channel("here"))
        proxy.deaf_to = gateways.channel("here").encode()
        with pytest.raises(Lost, match="may have done it"):
            await calls.ask("here", 1, "reset", timeout_s=5)
        while (message := await gateway.get_message(timeout=5) or {}).get("type") != "message":
            pass
        assert isinstance(gateways.decode(message["data"]), gateways.Ask), "it was asked"
    assert calls.under_way == 0


async def test_who_could_not_even_ask_redis_for_the_time_has_asked_nobody(stack: Stack) -> None:
    async with (
        proxied(stack.redis.port) as proxy,
        redis_client.client(f"redis://127.0.0.1:{proxy.port}/0") as severed,
        listening(severed) as calls,
    ):
        proxy.deaf_to = b"TIME\r\n"
        with pytest.raises(Unavailable, match="no gateway can be asked") as refused:
            await calls.ask("here", 1, "reset", timeout_s=5)
        assert not isinstance(refused.value, Lost)
