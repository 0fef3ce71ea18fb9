"""From the topic into Postgres: exactly once, from where it was left, and past what cannot be applied."""

import asyncio

import pytest

from local.stack import Stack
from shared.words import codec
from shared.words.errors import Newer
from shared.words.event import Event
from tests.events import Session
from tests.integration.rollup.parts import (
    WITHIN_S,
    Fleet,
    clock,
    consumed,
    eventually,
    publish,
    rollup,
    running,
)

pytestmark = pytest.mark.usefixtures("redis")


async def test_what_is_published_is_applied(stack: Stack, database_url: str, topic: str, fleet: Fleet) -> None:
    session = await fleet.session()
    await publish(stack, topic, session.began(clock()), session.reported(clock(), "Charging"))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("OCCUPIED", session.key))
        assert await fleet.history(session.key) == ["ONLINE", "Charging"]
        await publish(stack, topic, session.reported(clock(), "Available"))
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))
        await eventually(lambda: one.counted("events_total", {"kind": "StatusReported"}) == 2)
        await eventually(lambda: one.consumer.lag_s == 0)
        assert one.consumer.is_polling


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
async def test_whatever_way_a_topic_compresses_its_records_can_be_read(
    compression: str, stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session(compression)
    await publish(stack, topic, session.began(clock()), session.reported(clock(), "Charging"), compression=compression)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("OCCUPIED", session.key))


async def test_a_rollup_tells_the_lag_of_its_own_partitions_only(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    async with rollup(stack, database_url, topic) as one:
        async with running(one.consumer.run()):
            await eventually(lambda: one.tells_lag_of() == {0, 1, 2, 3})
        assert one.tells_lag_of() == set(), "the consumer has stopped: they are others'"


async def test_a_restart_goes_on_where_it_was_left(stack: Stack, database_url: str, topic: str, fleet: Fleet) -> None:
    session = await fleet.session()
    await publish(stack, topic, session.began(clock()), session.reported(clock(), "Charging"))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("OCCUPIED", session.key))
    await publish(stack, topic, session.reported(clock(), "Faulted"))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("FAULTED", session.key))
        await eventually(lambda: one.counted("events_total", {"kind": "StatusReported"}) == 1)
        assert (
            one.counted("duplicates_total") == one.counted("other_logs_total") == one.counted("lost_records_total") == 0
        )
    assert await fleet.history(session.key) == ["ONLINE", "Charging", "Faulted"]


async def test_batches_are_bounded_and_lose_nothing_between_them(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    sessions = [await fleet.session(f"CP{number}") for number in range(5)]
    words = ["Available", "Preparing", "Charging", "Finishing"] * 10
    for session in sessions:
        await publish(stack, topic, session.began(clock()), *(session.reported(clock(), word) for word in words))
    async with rollup(stack, database_url, topic, batch_records=7) as one, running(one.consumer.run()):
        for session in sessions:
            await eventually(lambda key=session.key: is_complete(fleet, key, ["ONLINE", *words]))  # type: ignore[misc]
        await eventually(lambda: one.counted("batch_records_sum") == 5 * 41)
        assert one.counted("batch_records_count") >= 5 * 41 / 7
        assert one.counted("batch_records_bucket", {"le": "10.0"}) == one.counted("batch_records_count")


async def is_complete(fleet: Fleet, key: int, words: list[str]) -> bool:
    return await fleet.history(key) == words


async def test_events_of_unknown_and_deleted_charge_points_are_counted_and_passed(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session, gone, unknown = await fleet.session(), await fleet.session("GONE"), Session(key=10**12)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await publish(stack, topic, gone.began(clock()), gone.reported(clock()))
        await eventually(lambda: fleet.is_("AVAILABLE", gone.key))
        await fleet.pool.execute("UPDATE charge_points SET deleted_at = now() WHERE key = $1", gone.key)
        given: list[Event] = [
            unknown.began(clock()),
            gone.ended(clock()),
            session.began(clock()),
            session.reported(clock()),
        ]
        await publish(stack, topic, *given)
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))
        await eventually(lambda: one.counted("unknown_total") == 2)
        assert one.counted("dead_letters_total", {"reason": "unexpected"}) == 0
    assert await fleet.history(gone.key) == ["ONLINE", "Available"]


async def test_poison_goes_to_the_dead_letter_topic_and_the_rest_is_applied(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    too_big = codec.encode(session.began(clock())).replace(b'"epoch":1', b'"epoch":' + b"9" * 19)
    await publish(stack, topic, session.began(clock()), b"no event", too_big, session.reported(clock()), partition=2)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))
        await eventually(lambda: one.counted("dead_letters_total", {"reason": "malformed"}) == 1)
    letters = await consumed(stack, f"{topic}.dlq", 2)
    assert {letter.value for letter in letters} == {b"no event", too_big}
    headers = {dict(letter.headers)["reason"]: dict(letter.headers) for letter in letters}
    assert set(headers) == {b"malformed", b"invalid"}
    assert headers[b"malformed"]["source"] == f"{topic}/2/1".encode()
    assert headers[b"malformed"]["detail"]


async def test_a_record_of_a_newer_version_stops_the_rollup_and_waits_for_the_upgrade(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    await publish(stack, topic, codec.encode(session.began(clock())).replace(b'"v":1', b'"v":9'), partition=0)
    async with rollup(stack, database_url, topic) as one:
        with pytest.raises(Newer, match="version 9"):
            await asyncio.wait_for(one.consumer.run(), WITHIN_S)
        assert (await one.store.positions([0]))[0].next == 0


async def test_an_old_epoch_that_begins_a_session_is_fenced_at_its_gateway(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session(epoch=9)
    old = Session(epoch=5, gateway="gw-old", key=session.key, charge_point_id=session.charge_point_id)
    async with rollup(stack, database_url, topic) as one, one.redis.pubsub(ignore_subscribe_messages=True) as heard:
        await heard.subscribe("plugwatch:gateway:gw-old")
        await heard.get_message(timeout=1)
        async with running(one.consumer.run(), one.fences.run()):
            await publish(stack, topic, session.began(clock()), old.began(clock()))
            async with asyncio.timeout(WITHIN_S):
                while (message := await heard.get_message(timeout=1)) is None:
                    pass
    assert message["data"] == b'{"type":"fence","charge_point_key":%d,"below":9,"newest":9}' % session.key


async def test_who_reads_an_empty_log_knows_that_nothing_waits(stack: Stack, database_url: str, topic: str) -> None:
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: one.consumer.behind_s == 0)
