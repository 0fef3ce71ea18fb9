"""/v1/stream: every change once, in order, as it is now, to whoever asked for it."""

import asyncio
import contextlib
from typing import cast

import pytest
from redis.asyncio import Redis

from shared.stores.changes import Facts
from shared.stores.hot import HotCopy
from shared.stores.lua.hot_scripts import STREAM
from tests.integration.api.live.streams import Listener, at_least, change, listening, publish, settled, there
from tests.integration.api.served import Api


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
