"""/v1/stream: every change once, in order, from where a client left off; and what happens when that cannot be."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import cast

import pytest
from redis.asyncio import Redis

from api.live import events as live
from api.live import stream
from api.live import subscribers as audience
from local.stack import Stack
from shared.http.connection import Limits
from shared.http.server import serving
from shared.stores import redis_client
from shared.stores.changes import STREAM, Facts
from shared.stores.hot import Change, HotCopy
from tests.integration.api.served import Api, eventually
from tests.integration.api.streams import Listener, listening
from tests.integration.api.test_process import ApiProcess
from tests.integration.severed import proxied

_revisions = itertools.count(1_000)
_charge_points = itertools.count()


def change(station: str = "S1", charge_point: str | None = "CP1", document: bytes | None = b'{"a":1}') -> Change:
    """The next change of a thing."""
    kind = "station" if charge_point is None else "charge_point"
    revision = next(_revisions)
    return Change(kind, station, charge_point, revision, f'"1.{revision}"', document)  # type: ignore[arg-type]


async def there(api: Api, stations: Sequence[str], charge_points: Sequence[str] = ()) -> None:
    """Has Postgres know them, and tells nobody."""
    for table, ids in (("stations", stations), ("charge_points", charge_points)):
        name, value = ("name", "''") if table == "stations" else ("document", "'{}'")
        query = f"INSERT INTO {table} (id, {name}) SELECT id, {value} FROM unnest($1::text[]) AS given(id)"
        await api.pool.execute(query, ids)


async def settled(api: Api) -> None:
    """Waits until the stream has handed out all there is."""

    async def handed_out() -> bool:
        return bool(api.stream._position == (await api.copy.changes.newest() or live.START))

    await eventually(handed_out)


async def publish(copy: HotCopy, n: int) -> list[int | None]:
    """``n`` changes of as many charge points; returns their revisions."""
    changes = [change(charge_point=f"CP-{next(_charge_points)}") for _ in range(n)]
    await copy.publish(changes)
    return [one.revision for one in changes]


def at_least(n: int) -> Callable[[Listener], bool]:
    """Whether so much was told."""
    return lambda listener: len(listener.told) >= n


@contextlib.asynccontextmanager
async def served(api: Api) -> AsyncIterator[int]:
    """The application on a port, its stream running."""
    stream, limits = api.stream, Limits(connections=1000)
    async with stream.running(), serving(api.app, "127.0.0.1", 0, limits) as port:
        yield port
        stream.stop()


@pytest.fixture
async def port(api: Api) -> AsyncIterator[int]:
    async with served(api) as port:
        yield port


async def test_changes_come_as_events_with_the_stored_bytes(api: Api, port: int, redis: Redis) -> None:
    async with listening(port) as listener:
        assert listener.status == 200
        assert b"content-type: text/event-stream" in listener.head.lower()
        await api.station("S1")
        await listener.until(lambda one: len(one.told) == 1)
        await api.client.post("/v1/stations/S1/charge-points", json={"id": "CP1"})
        await listener.until(lambda one: len(one.told) == 3)
        for told, path in zip(listener.told[1:], ("charge-points/CP1", "stations/S1"), strict=True):
            document = (await api.client.get(f"/v1/{path}")).content
            assert told.raw.endswith(b'"document":' + document + b"}")
        await api.client.delete("/v1/charge-points/CP1")
        await listener.until(lambda one: len(one.told) == 5)
        assert listener.events == ["station", "charge_point", "station", "deleted", "station"]
        rows = cast("list[tuple[bytes, dict[bytes, bytes]]]", await redis.xrange(STREAM))
        assert [told.id for told in listener.told] == [id_.decode() for id_, _ in rows]
        assert all(
            list(told.data) == ["station_id", "charge_point_id", "revision", "document"] for told in listener.told
        )
        deleted = listener.told[3].data
        assert (deleted["station_id"], deleted["charge_point_id"], deleted["document"]) == ("S1", "CP1", None)


async def test_the_stream_holds_facts_and_no_documents(api: Api, copy: HotCopy) -> None:
    await api.station("S1", "CP1", "CP2")
    await api.rolled_up("CP1", "FAULTED", "AVAILABLE")
    await api.rolled_up("CP2", "AVAILABLE", connectivity="OFFLINE")
    charge_point, station = (await copy.changes.entries("-", 100))[-2:]
    assert (charge_point.kind, charge_point.charge_point_id, charge_point.facts) == ("charge_point", "CP2", None)
    document = (await api.client.get("/v1/stations/S1")).json()
    assert (station.kind, station.station_id, station.deleted) == ("station", "S1", False)
    assert station.revision == document["revision"]
    assert station.facts is not None
    assert station.facts == Facts(document["status"], document["health"], 1, station.facts.since_s, (2, 0, 0, 0, 1, 0))


async def test_what_was_overtaken_is_left_out_and_the_last_one_never(api: Api, port: int, copy: HotCopy) -> None:
    await publish(copy, 1)
    await settled(api)
    async with listening(port) as listener:
        at = listener.last_id
        old, other, new = change(), change("S2", "CP2"), change(document=b'{"a":2}')
        gone = [change("S3", "CP3"), change("S3", "CP3", None)]
        reborn = [change("S4", "CP4", None), change("S4", "CP4")]
        await copy.publish([old, other, new, *gone, *reborn])
        expected = [one.revision for one in (other, new, gone[1], reborn[1])]
        await listener.until(lambda one: len(one.told) >= len(expected))
        assert listener.revisions == expected
        assert listener.events == ["charge_point", "charge_point", "deleted", "charge_point"]
        assert listener.told[1].data["document"] == {"a": 2}
        async with listening(port, last_id=at) as again:
            await again.until(lambda one: len(one.told) >= len(expected))
            assert [told.raw for told in again.told] == [told.raw for told in listener.told]


async def test_revisions_of_a_thing_only_rise_and_reach_the_last(api: Api, port: int, copy: HotCopy) -> None:
    """Whatever is written between the reading of a change and that of its document."""
    done = asyncio.Event()
    last: dict[str, int] = {}

    async def write() -> None:
        for n in range(400):
            changes = [change(f"S{thing}", None) for thing in range(n % 5)]
            await copy.publish(changes)
            last.update({one.station_id or "": one.revision for one in changes})
        done.set()

    await publish(copy, 1)
    await settled(api)
    async with listening(port) as follows, asyncio.TaskGroup() as group:
        at = follows.last_id
        group.create_task(write())
        await done.wait()
        async with listening(port, last_id=at) as resumes:
            for listener in (follows, resumes):

                def reached(one: Listener) -> bool:
                    return {told.data["station_id"]: told.revision for told in one.told} == last

                await listener.until(reached)
                for station in last:
                    of_it = [told.revision for told in listener.told if told.data["station_id"] == station]
                    assert of_it == sorted(set(of_it), key=lambda revision: revision or 0)
                assert "reset" not in listener.events


async def test_an_entry_that_is_none_of_ours_costs_itself_alone(
    api: Api, port: int, copy: HotCopy, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    (first,) = await publish(copy, 1)
    await settled(api)
    async with listening(port) as listener:
        for fields in ({"e": b"\xc1"}, {"e": b"[]"}, {"other": b"1"}):
            await redis.xadd(STREAM, fields)  # type: ignore[arg-type]
        revisions = await publish(copy, 2)
        await listener.until(at_least(2))
        assert [one.revision for one in listener.told] == revisions
    assert caplog.text.count("none of ours") >= 3
    assert first not in revisions


async def test_a_deletion_is_told_after_its_tombstone_expired(api: Api, port: int, copy: HotCopy, redis: Redis) -> None:
    await publish(copy, 1)
    await settled(api)
    async with listening(port) as listener:
        at = listener.last_id
    gone = [change("S3", "CP3"), change("S3", "CP3", None)]
    await copy.publish(gone)
    await redis.delete(gone[0].key)
    async with listening(port, last_id=at) as listener:
        await listener.until(lambda one: len(one.told) == 1)
        assert (listener.events, listener.revisions) == (["deleted"], [gone[1].revision])


async def test_a_stream_needs_a_token_in_the_header(port: int) -> None:
    async with listening(port, token="guessed") as listener:
        assert listener.status == 401
    async with listening(port, "?token=read-token-of-tests", token="") as listener:
        assert listener.status == 401


@pytest.mark.parametrize("query", ["?event=reboot", "?stations=S1"])
async def test_a_filter_that_is_none_is_refused(port: int, query: str) -> None:
    async with listening(port, query) as listener:
        assert listener.status == 422


async def test_a_stream_starts_now(api: Api, port: int, copy: HotCopy) -> None:
    await publish(copy, 3)
    await settled(api)
    async with listening(port) as listener:
        later = await publish(copy, 2)
        await listener.until(lambda one: len(one.told) == 2)
        assert listener.revisions == later


async def test_filters_are_all_to_match(api: Api, port: int, copy: HotCopy) -> None:
    changes = [
        change("S1", "CP1"),
        change("S1", None),
        change("S2", "CP2"),
        change("S2", None),
        change("S1", "CP3", None),
        change("S3", "CP4"),
    ]
    wanted = {
        "?station_id=S1": [0, 1, 4],
        "?station_id=S1&station_id=S3": [0, 1, 4, 5],
        "?charge_point_id=cp2&charge_point_id=CP4": [2, 5],
        "?event=station": [1, 3],
        "?event=deleted&event=charge_point": [0, 2, 4, 5],
        "?station_id=S1&event=deleted": [4],
        "?station_id=S1&charge_point_id=CP1": [0],
        "?station_id=s1": [],
        "": [0, 1, 2, 3, 4, 5],
    }
    await there(api, ("S1", "S2", "S3"), ("CP1", "CP2", "CP3", "CP4"))
    start = await publish(copy, 1)
    await settled(api)
    async with contextlib.AsyncExitStack() as stack:
        following = {query: await stack.enter_async_context(listening(port, query)) for query in wanted}
        at = next(iter(following.values())).last_id
        await copy.publish(changes)
        resumed = {query: await stack.enter_async_context(listening(port, query, last_id=at)) for query in wanted}
        end = (
            change("S1", "CP1"),
            change("S1", None, None),
            change("S3", "CP4"),
            change("S2", "CP2"),
            change("S2", None),
        )
        await copy.publish(end)
        for listeners in (following, resumed):
            for query, indices in wanted.items():
                expected: list[int | None] = [changes[index].revision for index in indices]
                await listeners[query].until(at_least(len(expected)))
                assert listeners[query].revisions[: len(expected)] == expected, query
                assert start[0] not in listeners[query].revisions


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
            await copy.publish([change(charge_point=f"CP-{next(_charge_points)}", document=large) for _ in range(10)])
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
