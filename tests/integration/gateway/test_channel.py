"""What a gateway hears of others, when its connection falls silent without being closed."""

import asyncio
import logging
import time

import pytest

from ingest.gateway.commands.channel import Channel
from local.stack import Stack
from shared.stores import redis_client
from shared.words import gateways
from shared.words.gateways import Ask, Fence, Told
from tests.integration.gateway.parts import eventually
from tests.integration.severed import proxied

NOTICED_WITHIN_S = 15.0  #: 10 s until the proof, 3 s for its answer, and the way back


async def test_a_connection_that_fell_silent_is_replaced_and_fences_act_again(stack: Stack) -> None:
    fences: list[Fence] = []

    async def told(ask: Ask, within_s: float) -> Told:
        raise AssertionError(ask)

    async with (
        proxied(stack.redis.port) as proxy,
        redis_client.client(stack.redis_url) as other,
        redis_client.client(f"redis://127.0.0.1:{proxy.port}/0") as redis,
        asyncio.TaskGroup() as group,
    ):
        hearing = group.create_task(Channel(redis, gateway_id="severed").run(fences.append, told))

        async def fenced(epoch: int) -> bool:
            fence = Fence(7, below=epoch, newest=epoch)
            await other.publish(gateways.channel("severed"), gateways.encode(fence))
            await asyncio.sleep(0.1)
            return fence in fences

        await eventually(lambda: fenced(1))
        proxy.cut()
        cut = time.monotonic()
        await eventually(lambda: fenced(2), within_s=60)
        assert time.monotonic() - cut < NOTICED_WITHIN_S
        hearing.cancel()


async def test_a_redis_that_lets_it_listen_and_not_speak_is_away_until_it_does(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def told(ask: Ask, within_s: float) -> Told:
        raise AssertionError(ask)

    async def said(word: str) -> bool:
        return word in caplog.text

    async with (
        redis_client.client(stack.redis_url) as operator,
        redis_client.client(stack.redis_url) as redis,
        asyncio.TaskGroup() as group,
    ):
        await operator.acl_setuser("default", enabled=True, commands=["-publish"])
        try:
            hearing = group.create_task(Channel(redis, gateway_id="mute").run(lambda fence: None, told))
            await eventually(lambda: said("are not heard"))
            await asyncio.sleep(2)  # several tries
        finally:
            await operator.acl_setuser("default", enabled=True, commands=["+@all"])
        await eventually(lambda: said("heard again"))
        hearing.cancel()
    levels = [record.levelname for record in caplog.records if record.name == "plugwatch.gateway.channel"]
    assert levels == ["WARNING", "INFO"]


async def test_as_many_as_may_be_under_way_are_answered_though_they_come_at_once(stack: Stack) -> None:
    async def told(ask: Ask, within_s: float) -> Told:
        return Told(ask.id, status="Accepted")

    async with (
        redis_client.client(stack.redis_url) as other,
        redis_client.client(stack.redis_url) as redis,
        other.pubsub() as answers,
        asyncio.TaskGroup() as group,
    ):
        hearing = group.create_task(Channel(redis, gateway_id="crowded").run(lambda fence: None, told))

        async def is_heard() -> bool:
            return bool((await other.pubsub_numsub(gateways.channel("crowded")))[0][1])

        await eventually(is_heard)
        await answers.subscribe("asker")
        expires_at = (await other.time())[0] * 1000 + 20_000
        asks = [Ask(str(n), "asker", 7, "trigger", "Heartbeat", expires_at=expires_at) for n in range(400)]
        async with other.pipeline(transaction=False) as pipe:
            for ask in asks:
                pipe.publish(gateways.channel("crowded"), gateways.encode(ask))
            await pipe.execute()
        heard = set[str]()

        async def all_are_told() -> bool:
            while (message := await answers.get_message(ignore_subscribe_messages=True, timeout=0.1)) is not None:
                heard.add(gateways.decode_told(message["data"]).id)
            return heard == {ask.id for ask in asks}

        await eventually(all_are_told)
        hearing.cancel()
