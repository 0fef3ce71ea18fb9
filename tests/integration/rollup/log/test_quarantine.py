"""The way into the dead-letter topic: counted before it is sent, whole if there is room, once."""

import asyncio
import hashlib
import time

import pytest

from ingest.rollup.log.dead_letters import letter
from ingest.rollup.log.senders import TooMuchPoison
from local.stack import Stack
from shared.words.event import Event
from tests.integration.rollup.parts import WITHIN_S, Fleet, Raw, clock, consumed, eventually, publish, rollup, running
from tests.integration.rollup.redrive.test_redrive import records

pytestmark = pytest.mark.usefixtures("redis")


async def stops(stack: Stack, database_url: str, topic: str, limit: int) -> None:
    async with rollup(stack, database_url, topic, dead_letter_limit=limit) as one:
        with pytest.raises(TooMuchPoison, match="PLUGWATCH_DEAD_LETTER_LIMIT"):
            await asyncio.wait_for(one.consumer.run(), WITHIN_S)


async def test_poison_of_too_many_senders_stops_the_rollup_before_any_is_sent_and_does_so_again(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    await publish(stack, topic, *((b"CP%d" % n, b"poison", []) for n in range(150)), partition=0)
    for _ in range(3):
        await stops(stack, database_url, topic, 100)
    assert await records(stack, f"{topic}.dlq") == 0


async def test_the_count_of_the_hour_outlives_a_restart(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    await publish(stack, topic, *((b"CP%d" % n, b"poison", []) for n in range(2)), partition=0)
    async with rollup(stack, database_url, topic, dead_letter_limit=2) as one, running(one.consumer.run()):
        await eventually(lambda: one.counted("batch_records_sum") == 2)
    await publish(stack, topic, (b"CP3", b"poison", []), partition=0)
    await stops(stack, database_url, topic, 2)
    assert await records(stack, f"{topic}.dlq") == 2
    await fleet.pool.execute("UPDATE dead_letter_senders SET last_at = last_at - interval '1 hour'")
    async with rollup(stack, database_url, topic, dead_letter_limit=2) as one, running(one.consumer.run()):
        await eventually(lambda: one.counted("dead_letters_total", {"reason": "malformed"}) == 1)


async def test_what_counts_is_who_sends_and_not_how_much(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    same: list[Raw] = [(key, b"poison", []) for key in (b"CP1", b"cp1") for _ in range(300)]
    nameless: list[Raw] = [
        (key, b"poison", []) for key in (None, b"", b"\xff\xfe", b"a/b", b"x" * 49) for _ in range(3)
    ]
    session = await fleet.session()
    await publish(stack, topic, *same, *nameless, session.began(clock()), session.reported(clock()), partition=1)
    async with rollup(stack, database_url, topic, dead_letter_limit=2) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))
        assert one.counted("dead_letters_total", {"reason": "malformed"}) == 615


@pytest.mark.kafka
@pytest.mark.parametrize("what", ["value", "headers"])
async def test_a_record_with_no_room_for_why_is_cut_to_head_digest_and_source(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, what: str
) -> None:
    session = await fleet.session()
    value = b"x" * 1_048_450 if what == "value" else b"poison"
    headers = [("h", b"y" * 1_048_470)] if what == "headers" else []
    await publish(stack, topic, b"before", (b"BIG", value, headers), b"after", partition=0)
    await publish(stack, topic, session.began(clock()), session.reported(clock()), partition=0)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))
        assert one.counted("dead_letters_total", {"reason": "malformed"}) == 3
    found = [letter(record, 0) for record in await consumed(stack, f"{topic}.dlq", 3)]
    (big,) = (one for one in found if one.key == b"BIG")
    assert hashlib.sha256(value).hexdigest() in big.cut
    assert big.value == value[:16_384]
    assert big.source == f"{topic}/0/1"
    assert {one.cut for one in found if one.key == b"any"} == {""}


@pytest.mark.kafka
async def test_a_dead_letter_topic_that_takes_nothing_holds_its_partition_and_no_other(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    session = await fleet.session()
    await publish(stack, topic, b"poison", partition=0)
    async with (
        rollup(stack, database_url, topic, dead_letter_topic="no such name!") as one,
        running(one.consumer.run()),
    ):
        await eventually(lambda: "the dead-letter topic takes none" in caplog.text, within_s=60)
        await publish(stack, topic, session.began(clock()), session.reported(clock()), partition=1)
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))
        assert (await one.store.positions([0]))[0].next == 0


@pytest.mark.kafka
async def test_a_dead_letter_topic_that_is_missing_is_found_out_once_and_soon(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    held, session = await fleet.session("A"), await fleet.session("B")
    events: list[Event] = [held.began(clock()), *(held.reported(clock()) for _ in range(100))]
    await publish(stack, topic, *events, b"poison", *events, partition=0)
    async with (
        rollup(stack, database_url, topic, dead_letter_topic="no such name!") as one,
        running(one.consumer.run()),
    ):
        await eventually(lambda: fleet.is_("ONLINE", held.key))
        started = time.monotonic()  # from its first transaction on, the batch is being halved
        await eventually(lambda: one.counted("held_partitions") == 1, within_s=120)
        await publish(stack, topic, session.began(clock()), session.reported(clock()), partition=1)
        await eventually(lambda: fleet.is_("AVAILABLE", session.key))
        assert time.monotonic() - started < 5
