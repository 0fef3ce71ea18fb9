"""/v1/stream: what a client gets that names where it left off; a reset where nobody can say what it missed."""

import asyncio
import contextlib

import pytest
from redis.asyncio import Redis

from shared.stores.hot import HotCopy
from shared.stores.lua.hot_scripts import STREAM
from tests.integration.api.live.streams import at_least, listening, publish, settled
from tests.integration.api.served import Api


async def test_resuming_misses_and_doubles_nothing_while_others_write(api: Api, port: int, copy: HotCopy) -> None:
    published: list[int | None] = []
    done = asyncio.Event()

    async def write() -> None:
        for n in range(150):
            published.extend(await publish(copy, n % 9 + 1))
            await asyncio.sleep(0.002)
        done.set()

    async def come_and_go(number: int) -> list[int | None]:
        got: list[int | None] = []
        at: str | None = None
        enough = at_least(number * 37 % 90 + 5)
        while True:
            finished = done.is_set()
            async with listening(port, last_id=at) as listener:
                with contextlib.suppress(TimeoutError):
                    await listener.until(enough, 0.05 + number % 5 * 0.05)
                assert "reset" not in listener.events
                got += listener.revisions
                at = listener.last_id
                if finished and got and got[-1] == published[-1]:
                    return got

    first = await publish(copy, 1)
    await settled(api)
    async with asyncio.TaskGroup() as group:
        comers = [group.create_task(come_and_go(number)) for number in range(8)]
        await asyncio.sleep(0.1)  # all have a position by then
        writer = group.create_task(write())
    assert writer.done()
    for comer in comers:
        assert comer.result() == published, f"after {first}"


@pytest.mark.parametrize("pages", [1, 7])
async def test_a_long_absence_is_caught_up_in_pages(api: Api, port: int, copy: HotCopy, pages: int) -> None:
    async with listening(port) as listener:
        await publish(copy, 1)
        await listener.until(lambda one: len(one.told) == 1)
        at = listener.last_id
    missed = await publish(copy, pages * 50)
    async with listening(port, last_id=at) as listener:
        missed += await publish(copy, 3)
        await listener.until(lambda one: len(one.told) >= len(missed))
        assert listener.revisions == missed


@pytest.mark.parametrize("last_id", ["1-1", "99999999999999-0", "nonsense", "18446744073709551616-0", "0-0", "1", "-"])
async def test_an_id_that_is_not_there_is_one_reset_and_then_now(
    api: Api, port: int, copy: HotCopy, last_id: str
) -> None:
    await publish(copy, 3)
    await settled(api)
    async with listening(port, last_id=last_id) as listener:
        later = await publish(copy, 2)
        await listener.until(lambda one: len(one.told) == 3)
        assert listener.events == ["reset", "charge_point", "charge_point"]
        assert listener.revisions == later
        assert listener.told[0].data["document"] is None
        at = listener.told[0].id
    async with listening(port, last_id=at) as listener:
        await listener.until(lambda one: len(one.told) == 2)
        assert listener.revisions == later  # a reset is a position to resume from, too


async def test_a_trimmed_id_is_a_reset(api: Api, port: int, copy: HotCopy, redis: Redis) -> None:
    await publish(copy, 3)
    await settled(api)
    async with listening(port) as listener:
        at = listener.last_id
    await publish(copy, 10)
    await redis.xtrim(STREAM, maxlen=5, approximate=False)
    async with listening(port, last_id=at) as listener:
        await listener.until(lambda one: len(one.told) == 1)
        assert listener.events == ["reset"]
