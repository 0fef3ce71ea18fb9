"""/v1/stream while Redis is wiped, replaced, away, silent or not vouched for."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import pytest
from redis.asyncio import Redis

from api.live import stream
from local.stack import Stack
from shared.stores import redis_client
from shared.stores.hot import HotCopy
from shared.stores.lua.hot_scripts import STREAM
from tests.integration.api.live.streams import Listener, listening, publish, served, settled
from tests.integration.api.served import Api, eventually
from tests.integration.severed import proxied


async def test_before_the_first_change_there_is_a_position_already(api: Api, port: int, copy: HotCopy) -> None:
    async with listening(port) as listener:
        at = listener.last_id
    async with listening(port, last_id=at) as listener:
        first = await publish(copy, 2)
        await listener.until(lambda one: len(one.told) == 2)
        assert listener.revisions == first


async def test_a_wiped_redis_is_a_reset(api: Api, port: int, copy: HotCopy, redis: Redis) -> None:
    await publish(copy, 3)
    await settled(api)
    async with listening(port) as listener:
        await redis.flushall()
        await listener.until(lambda one: one.events == ["reset"])
        later = await publish(copy, 2)
        await listener.until(lambda one: len(one.told) == 3)
        assert listener.revisions == later


async def test_a_wiped_redis_is_a_reset_even_if_it_is_written_to_at_once(
    api: Api, port: int, copy: HotCopy, redis: Redis
) -> None:
    await publish(copy, 3)
    await settled(api)
    async with listening(port) as listener:
        await redis.flushall()
        await publish(copy, 3)
        await listener.until(lambda one: "reset" in one.events)
        later = await publish(copy, 2)
        await listener.until(lambda one: one.revisions[-2:] == later)
        assert listener.events.count("reset") == 1


async def test_a_redis_that_had_to_be_filled_is_a_reset(api: Api, port: int, copy: HotCopy) -> None:
    await publish(copy, 3)
    await settled(api)
    async with listening(port) as listener:
        at = listener.last_id
        await copy.set_filled()
        await listener.until(lambda one: one.events == ["reset"])
    await publish(copy, 1)
    await settled(api)  # else it may be told after the reset
    async with listening(port, last_id=at) as listener:
        await listener.until(lambda one: one.events == ["reset"])


async def test_while_nobody_vouches_for_the_copy_heartbeats_say_no_position(api: Api, port: int, copy: HotCopy) -> None:
    api.stream.heartbeat_s = 0.1
    await publish(copy, 3)
    async with listening(port) as listener, listening(port, "?view=brief") as board:
        await copy.withdraw()  # as when all rollups have stopped: it lapses
        for one in (listener, board):
            await silent(one)
        await copy.mark(await copy.now(), 60)
        for one in (listener, board):
            one.last_id = ""
            await one.until(lambda it: bool(it.last_id))


async def silent(listener: Listener) -> None:
    """Waits until heartbeats come without a position."""
    async with asyncio.timeout(10):
        while listener.last_id:
            listener.last_id = ""
            await beaten(listener, len(listener.comments) + 5)


async def beaten(listener: Listener, times: int) -> None:
    """Waits for so many heartbeats."""
    await listener.until(lambda it: len(it.comments) >= times)


async def test_while_redis_is_away_heartbeats_go_on_and_then_there_is_a_reset(
    api: Api, port: int, copy: HotCopy, stack: Stack
) -> None:
    api.stream.heartbeat_s = 0.1
    await publish(copy, 3)
    await settled(api)
    async with listening(port) as listener:
        at = listener.last_id
        stack.redis.kill()
        try:
            beats = len(listener.comments)
            await listener.until(lambda one: len(one.comments) > beats + 5)
            beats, positions = len(listener.comments), listener.positions
            await listener.until(lambda one: len(one.comments) > beats + 5)
            assert listener.positions == positions  # so who listens can tell that he hears of nothing
            async with listening(port, last_id=at) as newcomer, listening(port) as other:
                await newcomer.until(lambda one: len(one.comments) > 3)
                assert listener.events == newcomer.events == other.events == []
                stack.redis.start()
                for one in (listener, newcomer, other):
                    await one.until(lambda one: one.events == ["reset"])
                later = await publish(copy, 2)
                for one in (listener, newcomer, other):
                    await one.until(lambda one: len(one.told) == 3)
                    assert one.revisions == later
        finally:
            if not stack.redis.alive:
                stack.redis.start()


async def test_a_redis_that_answers_by_half_is_told_once(
    port: int, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    def told(words: str) -> int:
        return sum(words in record.message for record in caplog.records)

    caplog.set_level("INFO")
    await redis.set(STREAM, "no stream")
    await asyncio.sleep(3.5 * stream.AWAY_S)  # as many attempts
    assert (told("streams wait"), told("streams go on")) == (1, 0)
    await redis.delete(STREAM)
    await eventually(lambda: asyncio.sleep(0, told("streams go on") == 1))


async def test_a_pause_without_a_loss_is_no_reset(api: Api, port: int, copy: HotCopy, redis: Redis) -> None:
    await publish(copy, 3)
    await settled(api)
    async with listening(port) as listener:
        await redis.client_kill_filter(_type="normal", skipme=True)
        later: list[int | None] = []

        async def published() -> bool:
            with contextlib.suppress(Exception):
                later.extend(await publish(copy, 2))
            return len(later) == 2

        await eventually(published)
        await listener.until(lambda one: len(one.told) == 2)
        assert listener.revisions == later


async def test_a_connection_that_fell_silent_loses_no_change_and_waits_seconds(
    build: Callable[..., Api], copy: HotCopy, stack: Stack
) -> None:
    async with proxied(stack.redis.port) as proxy, redis_client.client(f"redis://127.0.0.1:{proxy.port}/0") as severed:
        api = build(copy=HotCopy(severed, stream_length=1000))
        async with served(api) as port, listening(port) as listener:
            first = await publish(copy, 2)
            await listener.until(lambda one: len(one.told) == 2)
            proxy.cut()
            cut = time.monotonic()
            later = await publish(copy, 2)
            await listener.until(lambda one: len(one.told) == 4, 30)
            assert time.monotonic() - cut < 6
            assert listener.revisions == first + later
