"""The publisher alone over a real broker: batches, order, and producers that die or get stuck."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.protocol.produce import ProduceRequest
from prometheus_client import CollectorRegistry

from ingest.gateway.metrics import Metrics
from ingest.gateway.publishing.batches import BATCH_BYTES, Ticket
from ingest.gateway.publishing.producers import Producers
from ingest.gateway.publishing.publisher import TICK_S, Publisher, publishing
from local.stack import Stack
from tests.integration.gateway.parts import Ids, eventually, no_broker

STUCK_S = 2.0
_topics = Ids(f"publisher-{os.getpid()}-")


class Log:
    """A topic with a publisher, and the values that were acked."""

    def __init__(self, publisher: Publisher, servers: str, topic: str) -> None:
        self.publisher = publisher
        self.acked: list[bytes] = []
        self.refused: list[bytes] = []
        self._servers = servers
        self._topic = topic

    def publish(self, *values: bytes, key: bytes = b"CP1") -> Ticket:
        def on_done(ticket: Ticket) -> None:
            (self.refused if ticket.is_refused else self.acked).extend(ticket.values)

        return self.publisher.publish(self.publisher.partition_of(key), key, values, 1_700_000_000_000, on_done)

    async def values(self) -> list[bytes]:
        """What is on the topic."""
        consumer = AIOKafkaConsumer(
            self._topic, bootstrap_servers=self._servers, auto_offset_reset="earliest", enable_auto_commit=False
        )
        await consumer.start()
        try:
            ends = await consumer.end_offsets(list(consumer.assignment()))
            found: list[bytes] = []
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [record.value for record in records]
        finally:
            await consumer.stop()
        return found


@pytest.fixture
async def log(stack: Stack) -> AsyncIterator[Log]:
    topic = next(_topics)
    stack.broker.create_topic(topic)
    async with _logging(stack, topic) as log:
        yield log


@asynccontextmanager
async def _logging(stack: Stack, topic: str, make: type[AIOKafkaProducer] = AIOKafkaProducer) -> AsyncIterator[Log]:
    producers = Producers(servers=stack.kafka_bootstrap_servers, client_id="test", make=make)
    publisher = Publisher(producers, topic=topic, metrics=Metrics(CollectorRegistry()), stuck_s=STUCK_S)
    async with publishing(publisher):
        yield Log(publisher, stack.kafka_bootstrap_servers, topic)


async def test_frames_of_any_size_arrive_whole_in_order_and_once(log: Log) -> None:
    frames = [tuple(b"%06d-%03d" % (n, m) for m in range(1 + n % 400)) for n in range(300)]
    frames.append(tuple(b"large-%d-" % n + b"x" * (BATCH_BYTES // 3) for n in range(7)))
    for frame in frames:
        log.publish(*frame)
    assert await log.publisher.flush(20)
    sent = [value for frame in frames for value in frame]
    assert log.acked == sent
    assert await log.values() == sent


class _Counting(AIOKafkaProducer):  # type: ignore[misc]
    """Counts its produce requests."""

    requests = 0

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        send = self.client.send

        async def counted(node_id: int, request: Any, **how: Any) -> Any:
            _Counting.requests += isinstance(request, ProduceRequest)
            return await send(node_id, request, **how)

        self.client.send = counted


async def test_what_comes_within_a_tick_goes_out_in_one_request_whatever_its_partition(stack: Stack) -> None:
    topic = next(_topics)
    stack.broker.create_topic(topic)
    async with _logging(stack, topic, make=_Counting) as log:
        began = time.monotonic()
        for n in range(300):
            log.publish(b"%d" % n, key=b"CP%d" % n)
            await asyncio.sleep(0.0005)
        assert await log.publisher.flush(20)
        assert len(log.acked) == 300
        assert _Counting.requests <= (time.monotonic() - began) / TICK_S + 2


async def test_withdrawn_frames_are_not_sent(log: Log, stack: Stack) -> None:
    log.publish(b"first")
    assert await log.publisher.flush(20)
    with no_broker(stack):
        underway = log.publish(b"underway")

        async def sent() -> bool:
            return underway.sent == 1

        await eventually(sent)
        waiting = log.publish(b"waiting")
        log.publish(b"kept")
        assert waiting.withdraw() is True
        assert underway.withdraw() is False
    assert await log.publisher.flush(20)
    assert log.acked == [b"first", b"kept"]
    assert await log.values() == [b"first", b"underway", b"kept"]


async def test_a_stuck_producer_is_replaced_and_writes_nothing_any_more(log: Log, stack: Stack) -> None:
    log.publish(b"before")
    assert await log.publisher.flush(20)
    with no_broker(stack):
        log.publish(b"during")

        async def replaced() -> bool:  # the batch is given up, then the producer that cannot flush, then none starts
            return not await log.publisher.answers() and log.publisher.stalled_s > STUCK_S + 6

        await eventually(replaced)
        assert log.acked == [b"before"]
    assert await log.publisher.flush(30)
    for n in range(20):
        log.publish(b"after-%02d" % n)
        assert await log.publisher.flush(20)
    assert log.acked == [b"before", b"during", *(b"after-%02d" % n for n in range(20))]
    arrived = await log.values()
    assert arrived[: arrived.index(b"after-00")].count(b"during") >= 1
    assert b"during" not in arrived[arrived.index(b"after-00") :]
    senders = [task for task in asyncio.all_tasks() if "_sender_routine" in repr(task.get_coro())]
    assert len(senders) == 1


async def test_publishing_goes_on_after_the_broker_was_killed(log: Log, stack: Stack) -> None:
    log.publish(b"before")
    assert await log.publisher.flush(20)
    stack.broker.kill()
    log.publish(b"during")
    stack.broker.start()
    stack.broker.create_topic(log._topic)
    assert await log.publisher.flush(60)
    log.publish(b"after")
    assert await log.publisher.flush(20)
    assert log.acked == [b"before", b"during", b"after"]
    arrived = await log.values()
    assert [value for n, value in enumerate(arrived) if value not in arrived[:n]][-2:] == [b"during", b"after"]


@pytest.mark.kafka
async def test_what_was_acked_is_on_the_topic_after_the_broker_was_killed_under_load(log: Log, stack: Stack) -> None:
    async def load() -> None:
        for n in range(3000):
            log.publish(b"%05d" % n, key=b"CP%d" % (n % 7))
            await asyncio.sleep(0.002)

    loading = asyncio.create_task(load())
    for _ in range(2):
        reached = len(log.acked) + 300

        async def some() -> bool:
            return len(log.acked) >= reached  # noqa: B023

        await eventually(some, within_s=60)
        stack.broker.kill()
        stack.broker.start()
    await loading
    assert await log.publisher.flush(60)
    assert sorted(log.acked) == [b"%05d" % n for n in range(3000)]
    arrived = await log.values()
    assert set(arrived) == set(log.acked)


async def test_an_unknown_topic_is_waited_for_and_a_cancelled_start_ends_at_once() -> None:
    producers = Producers(servers="127.0.0.1:1", client_id="test")
    publisher = Publisher(producers, topic="t", metrics=Metrics(CollectorRegistry()))
    started = asyncio.Event()
    running = asyncio.create_task(publisher.run(started))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await started.wait()
    assert not await publisher.answers()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await running


NEVER = b"never"


class Refusing(BatchBuilder):  # type: ignore[misc]
    """Takes no value that says so, and nothing behind it; like one that is full."""

    def append(self, *, timestamp: Any, key: Any, value: Any, headers: Any = ()) -> Any:
        if NEVER in value:
            self.close()
            return None
        return super().append(timestamp=timestamp, key=key, value=value, headers=list(headers))


class RefusingProducer(AIOKafkaProducer):  # type: ignore[misc]
    """Makes such batches."""

    def create_batch(self) -> BatchBuilder:
        return Refusing(BATCH_BYTES, 0, is_transactional=False)


class SmallBroker(AIOKafkaProducer):  # type: ignore[misc]
    """Stands before a broker whose ``max.message.bytes`` is small: it says no to the whole batch."""

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> Any:
        if batch.size() > 20_000:
            raise MessageSizeTooLargeError
        return await super().send_batch(batch, topic, partition=partition)


@pytest.mark.parametrize("kind", [RefusingProducer, SmallBroker])
async def test_a_record_that_can_never_be_stored_costs_its_own_frame(
    stack: Stack, kind: type[AIOKafkaProducer]
) -> None:
    topic = next(_topics)
    stack.broker.create_topic(topic)
    async with _logging(stack, topic, kind) as log:
        large = NEVER + b"x" * 30_000
        frames = [
            (b"a", b"b"),
            (b"c", large, b"d"),
            (b"e",),
            (large,),
            (large, large),
            (b"f" * 15_000,),
            (b"g" * 15_000,),
        ]
        for frame in frames:
            log.publish(*frame)
        assert await log.publisher.flush(20)
        good = [value for frame in frames for value in frame if large not in frame]
        assert log.acked == good
        assert log.refused == [b"c", large, b"d", large, large, large]
        stored = await log.values()
        assert [
            value for n, value in enumerate(stored) if value not in stored[:n] and value not in (b"c", b"d")
        ] == good
