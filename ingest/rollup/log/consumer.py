"""From the log to the store: polls made into batches, applied with their positions, published after the commit.

The group decides who reads which partition; from where, Postgres does (``reading``): the broker's own
group offsets play no part.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from random import random

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from ingest.rollup.copy.publication import Publication
from ingest.rollup.fold.batch import Batch, Record, batch
from ingest.rollup.fold.fold import Policy
from ingest.rollup.log import lenient
from ingest.rollup.metrics import Metrics
from ingest.rollup.state.store import Applied, Fenced, Move, Store
from shared.stores.postgres import AWAY
from shared.words.errors import Transient
from shared.words.event import Event
from shared.words.gateways import Fence

from .isolation import Isolation
from .quarantine import Quarantine
from .reading import Reading

log = logging.getLogger("plugwatch.rollup.consumer")

POLL_S = 0.5  #: a fetch waits so long for a record, and comes back with the first
GATHER_S = 0.05
PACE_S = 0.004  #: from the beginning of a batch to the next: a transaction costs the same for few or many

SendFence = Callable[[str, Fence], None]


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """Consumes the topic as a member of the group and applies it to the store."""

    def __init__(
        self,
        *,
        servers: str,
        topic: str,
        group: str,
        session_timeout_s: float,
        batch_records: int,
        policy: Policy,
        store: Store,
        publication: Publication,
        quarantine: Quarantine,
        send_fence: SendFence,
        metrics: Metrics,
        clock: Callable[[], int],
    ) -> None:
        self._servers = servers
        self._topic = topic
        self._group = group
        self._session_timeout_ms = int(session_timeout_s * 1000)
        self._batch_records = batch_records
        self._publication = publication
        self._send_fence = send_fence
        self._metrics = metrics
        self._clock = clock
        self._reading = Reading(topic=topic, store=store, metrics=metrics, clock=clock)
        self._isolation = Isolation(
            store=store, quarantine=quarantine, reading=self._reading, policy=policy, clock=clock
        )
        self._kafka: AIOKafkaConsumer | None = None  #: while it is a member of the group

    # the group coordinator calls these

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Nothing of them may be applied any more; what is in flight fails by its position."""
        self._reading.forget(one.partition for one in revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """They are taken over at the next poll."""
        partitions = {one.partition for one in assigned}
        self._reading.assign(partitions)
        log.info("partitions assigned", extra={"partitions": sorted(partitions)})

    # others look at these

    @property
    def owned(self) -> frozenset[int]:
        """The partitions that are this rollup's."""
        return self._reading.owned

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions whose events this rollup applies now: their log has been recognised."""
        return self._reading.recognised

    @property
    def lag_s(self) -> float:
        """Age of the oldest event that waits (s), as far as is known; 0 when none does, inf before any was read."""
        return self._reading.lag_s

    @property
    def behind_s(self) -> float | None:
        """How old what is shown may be (s), held up or not; None while that is not known."""
        return self._reading.behind_s

    @property
    def is_polling(self) -> bool:
        """Whether the broker has answered within the last seconds."""
        return self._reading.is_answered

    @property
    def moves(self) -> bool:
        """Whether positions have moved within the last half minute, or nothing waited."""
        return self._reading.moves_on

    @property
    def topic_partitions(self) -> int | None:
        """How many partitions the topic has, as far as is known."""
        found = self._kafka.partitions_for_topic(self._topic) if self._kafka else None
        return len(found) if found else None

    async def answers(self) -> bool:
        """Whether the broker answers now, whatever else this rollup waits for."""
        if self._kafka is None:
            return False
        try:
            async with asyncio.timeout(2):
                await self._kafka.topics()
        except (KafkaError, OSError):
            return False
        return True

    async def run(self) -> None:
        """Consumes until cancelled.

        Raises:
            Newer, TooMuchPoison: a person must look; the process ends.
        """
        wait_s = 0.2
        while True:
            try:
                await self._consume()
            except Fenced as error:
                self._metrics.fenced.inc()
                log.warning("another rollup owns a partition; joining the group again", extra={"error": str(error)})
            except (KafkaError, Transient, *AWAY) as error:
                log.warning("the log, or where it was left, cannot be read; trying again", extra={"error": repr(error)})
            await asyncio.sleep(wait_s * (0.5 + random()))  # noqa: S311
            wait_s = min(wait_s * 2, 3)

    async def _consume(self) -> None:
        consumer = lenient.consumer(
            bootstrap_servers=self._servers,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            session_timeout_ms=self._session_timeout_ms,
            heartbeat_interval_ms=self._session_timeout_ms // 5,
            fetch_max_wait_ms=int(POLL_S * 1000),
            max_partition_fetch_bytes=2 * 1024 * 1024,
            request_timeout_ms=max(40_000, self._session_timeout_ms + 5_000),
            retry_backoff_ms=200,
        )
        try:
            consumer.subscribe([self._topic], listener=self)
            async with asyncio.timeout(30):
                await consumer.start()
            self._kafka = consumer
            while True:
                await self._reading.take_over(consumer)
                self._reading.resume(consumer)
                try:
                    records = await self._poll(consumer)
                except OffsetOutOfRangeError as error:
                    await self._reading.find_again(consumer, error.args[0])
                    continue
                except NoOffsetForPartitionError:
                    continue  # assigned during the poll: the broker has no position for it, Postgres has
                # What was revoked while this gathered is for others to apply.
                owned = self._reading.owned
                made = batch(record for record in records if record.partition in owned)
                self._reading.polled(consumer, made)
                if made.records:
                    next_at = time.monotonic() + PACE_S
                    await self._apply(consumer, made)
                    if made.records < self._batch_records:
                        await asyncio.sleep(max(0.0, next_at - time.monotonic()))
        finally:
            self._kafka = None
            self._reading.forget()
            await asyncio.shield(_stopped(consumer))

    async def _poll(self, consumer: AIOKafkaConsumer) -> list[Record]:
        """The next records. While behind it gathers a little longer."""
        polled = await consumer.getmany(timeout_ms=int(POLL_S * 1000), max_records=self._batch_records)
        until = time.monotonic() + GATHER_S
        records: list[Record] = []
        while True:
            for where, part in polled.items():
                records += await self._reading.to_apply(consumer, where, part)
            room = self._batch_records - len(records)
            behind = any(part[-1].offset + 1 < (consumer.highwater(where) or 0) for where, part in polled.items())
            if not behind or room <= 0 or time.monotonic() >= until:
                return records
            try:
                polled = await consumer.getmany(timeout_ms=int(GATHER_S * 1000), max_records=room)
            except (OffsetOutOfRangeError, NoOffsetForPartitionError):
                return records  # what has been read is applied first; the next poll says it again

    async def _apply(self, consumer: AIOKafkaConsumer, polled: Batch) -> None:
        started = time.monotonic()

        async def done(made: Batch, moves: Sequence[Move], applied: Applied) -> None:
            nonlocal started
            self._reading.applied(made, moves)
            await self._publication.publish(applied.changes, applied.note)
            for gateway_id, fence in applied.folded.fences:
                self._send_fence(gateway_id, fence)
            self._count(made, applied, time.monotonic() - started)
            started = time.monotonic()

        for record, for_s in await self._isolation.apply(polled, done):
            self._reading.hold(consumer, record, for_s)

    def _count(self, made: Batch, applied: Applied, took_s: float) -> None:
        metrics, now = self._metrics, self._clock()
        metrics.batch_records.observe(made.records)
        metrics.batch_s.observe(took_s)
        metrics.duplicates.inc(applied.folded.duplicates)
        metrics.late.inc(len(applied.folded.late))
        metrics.refused.inc(applied.folded.refused)
        metrics.fences.inc(len(applied.folded.fences))
        kinds: Counter[type[Event]] = Counter()
        for key, events in made.events.items():
            if key in applied.found:
                kinds.update(map(type, map(itemgetter(1), events)))
            else:
                metrics.unknown.inc(len(events))
        for kind, n in kinds.items():
            metrics.applied.labels(kind.__name__).inc(n)
        if made.oldest is not None:
            metrics.visible_s.observe(max(0.0, (now - made.oldest) / 1000))


async def _stopped(consumer: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(5):
            await consumer.stop()
    except (KafkaError, OSError, TimeoutError) as error:
        log.warning("the consumer did not stop cleanly", extra={"error": repr(error)})
