"""The way to the log: records of each partition in order, in batches made by hand, acks=all.

One batch a partition is in flight; what arrives meanwhile becomes the next batch, so batches grow
with load by themselves; what comes after a pause goes at once. The producer is idempotent and retries
until the broker answers; one that died is made anew and sends what is unacknowledged again. A record
can then land twice (rollups skip it by its identity), never out of order, and it is never reported
acked before the broker said so.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidMessageError,
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder

from ingest.gateway.metrics import Metrics
from ingest.gateway.publishing.batches import OnDone, Record, Records, Ticket, next_batch
from ingest.gateway.publishing.producers import Producers, partitions

TICK_S = 0.003  #: batches that follow one another faster go out together, all partitions' in one request
STUCK_S = 60  #: a batch without an answer for so long gets a new producer

log = logging.getLogger("plugwatch.gateway.publisher")

#: what brokers say to a batch with a record that they will never take, however often it is sent
_NEVER = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidMessageError, InvalidTimestampError)


class _Lane:
    """One partition: what waits, and since when a batch is in flight."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.waiting: deque[Ticket] = deque()
        self.wake = asyncio.Event()
        self.in_flight_since: float | None = None
        self.in_flight = 0


class Publisher:
    """Publishes frames' events to one topic. Use it through ``publishing``."""

    def __init__(self, producers: Producers, *, topic: str, metrics: Metrics, stuck_s: float = STUCK_S) -> None:
        self._producers = producers
        self._topic = topic
        self._metrics = metrics
        self._stuck_s = stuck_s
        self._producer: AIOKafkaProducer | None = None
        self._renewal = asyncio.Lock()
        self._lanes: list[_Lane] = []
        self._tick_at = 0.0  #: when batches were let go last (monotonic s)

    async def run(self, started: asyncio.Event) -> None:
        """Publishes until cancelled; sets ``started`` when the broker and the topic are known."""
        self._producer = await self._producers.start()
        try:
            count = await partitions(self._producer, self._topic)
            self._lanes = [_Lane(partition) for partition in range(count)]
            log.info("publishing", extra={"topic": self._topic, "partitions": count})
            started.set()
            async with asyncio.TaskGroup() as group:
                for lane in self._lanes:
                    group.create_task(self._serve(lane), name=f"lane-{lane.partition}")
        finally:
            await self._producers.stop(self._producer)

    def partition_of(self, key: bytes) -> int:
        """Where the key's records go: Kafka's default partitioner, so every gateway agrees."""
        return (int(murmur2(key)) & 0x7FFFFFFF) % len(self._lanes)

    def publish(self, partition: int, key: bytes, values: Sequence[bytes], at: int, on_done: OnDone | None) -> Ticket:
        """Queues the records of one frame, received at ``at`` (ms); they keep their order."""
        ticket = Ticket(key, values, at, on_done)
        lane = self._lanes[partition]
        lane.waiting.append(ticket)
        lane.wake.set()
        return ticket

    @property
    def pending(self) -> int:
        """Frames that are not acked."""
        return sum(len(lane.waiting) + lane.in_flight for lane in self._lanes)

    @property
    def stalled_s(self) -> float:
        """How long the oldest batch in flight has been waiting for the broker (s)."""
        since = [lane.in_flight_since for lane in self._lanes if lane.in_flight_since is not None]
        return time.monotonic() - min(since) if since else 0.0

    @property
    def is_up(self) -> bool:
        """Whether the broker takes batches without delay."""
        return self.stalled_s < 1

    async def answers(self) -> bool:
        """Whether a broker answers now; for readiness."""
        producer = self._producer
        if producer is None:
            return False
        try:
            async with asyncio.timeout(2):
                return bool(await producer.client.force_metadata_update())
        except (KafkaError, OSError, TimeoutError):
            return False

    async def flush(self, timeout_s: float) -> bool:
        """Waits until nothing is pending; False when time ran out."""
        deadline = time.monotonic() + timeout_s
        while self.pending and time.monotonic() < deadline:  # noqa: ASYNC110  once, at the stop
            await asyncio.sleep(0.01)
        return not self.pending

    async def _serve(self, lane: _Lane) -> None:
        while True:
            if not lane.waiting:
                lane.wake.clear()
                await lane.wake.wait()
            await self._tick()
            tickets, records = next_batch(lane.waiting)
            if not records:
                continue
            lane.in_flight, lane.in_flight_since = len(tickets), time.monotonic()
            self._metrics.batch_records.observe(len(records))
            refused = await self._deliver(lane.partition, records)
            self._metrics.publish_latency.observe(time.monotonic() - lane.in_flight_since)
            lane.in_flight, lane.in_flight_since = 0, None
            for ticket in tickets:
                ticket.is_refused |= ticket in refused
                if ticket.sent == len(ticket.values) and ticket.on_done is not None:
                    ticket.on_done(ticket)

    async def _tick(self) -> None:
        """Returns at once, or when a tick has passed since batches were let go: for every lane at the same time."""
        now = time.monotonic()
        due = max(now, self._tick_at + TICK_S)
        if due > now:
            await asyncio.sleep(due - now)
        self._tick_at = max(self._tick_at, due)

    async def _deliver(self, partition: int, records: Records) -> set[Ticket]:
        """Returns once the broker has all records but those of the frames in the result, which it never takes."""
        refused: set[Ticket] = set()
        runs = deque([records])
        while runs:
            run, producer = runs.popleft(), self._producer
            assert producer is not None
            try:
                async with asyncio.timeout(self._stuck_s):
                    builder = producer.create_batch()
                    fitting = _filled(builder, run)
                    if fitting:
                        await (await producer.send_batch(builder, self._topic, partition=partition))
            except _NEVER as error:
                await self._renew(producer)  # it has counted the batch
                half = len(run) // 2
                if half:
                    runs.extendleft([run[half:], run[:half]])
                else:
                    refused.add(self._refused(run[0], repr(error)))
            except (KafkaError, OSError, TimeoutError) as error:
                runs.appendleft(run)
                self._metrics.producer_errors.labels(type(error).__name__).inc()
                log.warning(
                    "the broker did not take a batch; sending it again with a new producer",
                    extra={"partition": partition, "records": len(run), "error": repr(error)},
                )
                await self._renew(producer)
            else:
                if not fitting:
                    refused.add(self._refused(run[0], "it fits into no batch"))
                if rest := run[max(fitting, 1) :]:
                    runs.appendleft(rest)
        return refused

    def _refused(self, record: Record, error: str) -> Ticket:
        ticket, value = record
        self._metrics.refused_records.inc()
        log.error(
            "a record can never be stored, its frame is answered InternalError; compare the topic's max.message.bytes",
            extra={"charge_point_id": ticket.key.decode(errors="replace"), "bytes": len(value), "error": error},
        )
        return ticket

    async def _renew(self, dead: AIOKafkaProducer) -> None:
        async with self._renewal:
            if self._producer is dead:
                await self._producers.stop(dead)
                self._producer = await self._producers.start()


def _filled(builder: BatchBuilder, run: Records) -> int:
    """How many of the records the batch has taken; it is closed behind the last."""
    for n, (ticket, value) in enumerate(run):
        if builder.append(timestamp=ticket.at, key=ticket.key, value=value) is None:
            return n
    return len(run)


@contextlib.asynccontextmanager
async def publishing(publisher: Publisher) -> AsyncIterator[None]:
    """Runs the publisher while the block runs; enters it once the broker and the topic are known."""
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(publisher.run(started), name="publisher")
        await started.wait()
        try:
            yield
        finally:
            task.cancel()
