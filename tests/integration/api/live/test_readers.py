"""/v1/stream to many, to slow ones, and to those who are told that this server stops."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from redis.asyncio import Redis

from api.live import subscribers as audience
from local.stack import Stack
from shared.stores.hot import HotCopy
from tests.integration.api.live.streams import Listener, change, listening, numbers, publish, served, settled, there
from tests.integration.api.served import Api, eventually
from tests.integration.api.test_process import ApiProcess


async def test_silence_is_filled_with_heartbeats_that_move_the_position(api: Api, port: int, copy: HotCopy) -> None:
    api.stream.heartbeat_s = 0.1
    await there(api, ("elsewhere",))
    async with listening(port, "?station_id=elsewhere") as listener:
        await publish(copy, 3)
        await settled(api)
        newest = await copy.changes.newest()
        await listener.until(lambda one: one.last_id == newest and len(one.comments) > 2)
        assert listener.told == []


async def test_a_slow_reader_is_dropped_with_a_reason_and_others_are_not(api: Api, port: int, copy: HotCopy) -> None:
    large = b'"' + b"x" * 100_000 + b'"'
    stream = api.stream
    async with listening(port) as reads, listening(port, reads=False) as slow:
        sent = 0

        async def dropped() -> bool:
            nonlocal sent
            await copy.publish([change(charge_point=f"CP-{next(numbers)}", document=large) for _ in range(10)])
            sent += 10
            return float(stream._metrics.streams_dropped._value.get()) == 1

        await eventually(dropped)
        await reads.until(lambda one: len(one.told) == sent)
        assert sent * len(large) < 20 * audience.MAX_BYTES
        async with asyncio.TaskGroup() as group:
            group.create_task(slow.listen())
            await slow.ended.wait()
        assert slow.events[-1] == "dropped"
        assert 0 < len(slow.told) - 1 < sent
        at = slow.told[-2].id
        told = slow.told[-2].revision
        async with listening(port, last_id=at) as again:
            behind = [one for one in reads.revisions if one is not None and told is not None and one > told]
            await again.until(lambda one: len(one.told) == len(behind))
            assert again.revisions == behind


async def test_500_streams_get_every_change_once(api: Api, port: int, copy: HotCopy) -> None:
    began = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        listeners: list[Listener] = []
        for start in range(0, 500, 50):
            listeners += await asyncio.gather(
                *(stack.enter_async_context(listening(port)) for _ in range(start, start + 50))
            )
        expected: list[int | None] = []
        for _ in range(20):
            expected += await publish(copy, 10)
            await asyncio.sleep(0.01)
        for listener in listeners:
            await listener.until(lambda one: len(one.told) >= len(expected), 20)
        assert all(listener.revisions == expected for listener in listeners)
        assert time.monotonic() - began < 20


async def test_one_connection_reads_for_all(port: int, redis: Redis) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(20):
            await stack.enter_async_context(listening(port))
        waiting = [one for one in await redis.client_list() if one["cmd"] in ("xread", "xrange")]
        assert len(waiting) == 1


async def test_a_stop_ends_the_streams_at_once(build: Callable[..., Api]) -> None:
    api = build()
    async with contextlib.AsyncExitStack() as stack:
        async with served(api) as port:
            listener = await stack.enter_async_context(listening(port))
            began = time.monotonic()
        assert time.monotonic() - began < 1.5
        await listener.until(lambda one: one.ended.is_set())
        assert "Last-Event-ID" in listener.comments[-1]


async def test_sigterm_ends_open_streams_and_the_process_within_seconds(
    api: Api, copy: HotCopy, stack: Stack, database_url: str, tmp_path: Path
) -> None:
    await publish(copy, 1)
    environment = stack.environment | {"PLUGWATCH_DATABASE_URL": database_url}
    with ApiProcess(tmp_path / "api.log", environment) as process:
        async with contextlib.AsyncExitStack() as streams:
            open_ones = [await streams.enter_async_context(listening(process.port)) for _ in range(20)]
            began = time.monotonic()
            process.ask_to_stop()
            for listener in open_ones:
                await listener.until(lambda one: one.ended.is_set())
                assert "Last-Event-ID" in listener.comments[-1]

            async def gone() -> bool:
                return not process.alive

            await eventually(gone)
            assert time.monotonic() - began < 3
    assert process.status == 0
    assert "ERROR" not in (tmp_path / "api.log").read_text()
