"""From the log to the store: batches in, positions kept in Postgres, another log noticed.

On assignment each partition starts one record before its position, to see that the log is the one
it was: a different record there, or a shorter log, is another log, read from its beginning (events
are idempotent). Records that the log has dropped unread are counted and passed. The broker's own
group offsets play no part.
"""

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from random import random

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from ingest.rollup.batch import Batch, Record, batch, digest
from ingest.rollup.fold import Policy
from ingest.rollup.metrics import Metrics
from ingest.rollup.publication import Publication
from ingest.rollup.quarantine import Quarantine
from ingest.rollup.store import Applied, Fenced, Move, Position, Store
from shared.errors import Transient
from shared.event import Event
from shared.gateways import Fence
from shared.postgres import AWAY

log = logging.getLogger("plugwatch.rollup.consumer")

POLL_S = 0.2
GATHER_S = 0.05
ANSWERED_WITHIN_MS = 10_000

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
        self._policy = policy
        self._store = store
        self._publication = publication
        self._quarantine = quarantine
        self._send_fence = send_fence
        self._metrics = metrics
        self._clock = clock
        self._assigned: set[int] = set()
        self._positions: dict[int, Position] = {}
        self._unseen: set[int] = set()  #: partitions whose log has not been recognised yet
        self._reading: dict[int, int] = {}  #: partition → offset up to which this log has been applied
        self._through: dict[int, int] = {}  #: partition → received_at (ms) up to which it has been applied
        self._behind: set[int] = set()
        self._answered_at = 0

    # the group coordinator calls these

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Nothing of them may be applied any more; what is in flight fails by its position."""
        self._forget(revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """They are taken over at the next poll."""
        self._assigned = {one.partition for one in assigned}
        log.info("partitions assigned", extra={"partitions": sorted(self._assigned)})

    # others look at these

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions whose events this rollup applies now."""
        return frozenset(self._positions) - self._unseen

    @property
    def lag_s(self) -> float:
        """Age of the oldest event that waits (s), as far as is known; 0 when none does, inf before any was read."""
        if not self._behind <= self._through.keys():
            return math.inf
        oldest = min((self._through[partition] for partition in self._behind), default=None)
        return 0.0 if oldest is None else max(0.0, (self._clock() - oldest) / 1000)

    @property
    def is_polling(self) -> bool:
        """Whether the broker has answered within the last seconds."""
        return self._clock() - self._answered_at < ANSWERED_WITHIN_MS

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
        consumer = AIOKafkaConsumer(
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
            while True:
                if self._assigned != set(self._positions):
                    await self._take_over(consumer)
                try:
                    records = await self._poll(consumer)
                except OffsetOutOfRangeError as error:
                    await self._find_again(consumer, error.args[0])
                    continue
                except NoOffsetForPartitionError:
                    continue  # assigned during the poll: the broker has no position for it, Postgres has
                # What was revoked while this gathered is for others to apply.
                made = batch(record for record in records if record.partition in self._positions)
                self._through.update(dict.fromkeys(made.last, made.oldest or self._clock()))
                self._measure(consumer)
                if made.records:
                    await self._apply(made)
        finally:
            self._forget()
            await asyncio.shield(_stopped(consumer))

    async def _poll(self, consumer: AIOKafkaConsumer) -> list[Record]:
        """The next records. While behind it gathers a little longer: a transaction costs the same for few or many."""
        polled = await consumer.getmany(timeout_ms=int(POLL_S * 1000), max_records=self._batch_records)
        until = time.monotonic() + GATHER_S
        records: list[Record] = []
        while True:
            for where, part in polled.items():
                records += await self._recognised(consumer, where, part)
            room = self._batch_records - len(records)
            behind = any(part[-1].offset + 1 < (consumer.highwater(where) or 0) for where, part in polled.items())
            if not behind or room <= 0 or time.monotonic() >= until:
                return records
            try:
                polled = await consumer.getmany(timeout_ms=int(GATHER_S * 1000), max_records=room)
            except (OffsetOutOfRangeError, NoOffsetForPartitionError):
                return records  # what has been read is applied first; the next poll says it again

    async def _take_over(self, consumer: AIOKafkaConsumer) -> None:
        """Starts newly assigned partitions at their stored positions, one record early."""
        fresh = self._assigned - set(self._positions)
        positions = await self._store.positions(fresh)
        async with asyncio.timeout(20):
            ends = await consumer.end_offsets([TopicPartition(self._topic, partition) for partition in fresh])
        for where, end in ends.items():
            if where.partition not in self._assigned:
                continue
            position = self._positions[where.partition] = positions[where.partition]
            self._reading[where.partition] = position.next
            self._unseen.add(where.partition)
            if end < position.next:
                await self._read_anew(consumer, where.partition, "the log is shorter than what was applied")
            else:
                consumer.seek(where, max(position.next - 1, 0))

    def _forget(self, partitions: Collection[TopicPartition] | None = None) -> None:
        for partition in list(self._positions) if partitions is None else [one.partition for one in partitions]:
            self._positions.pop(partition, None)
            self._reading.pop(partition, None)
            self._through.pop(partition, None)
            self._unseen.discard(partition)
            self._assigned.discard(partition)
            self._behind.discard(partition)

    async def _recognised(
        self, consumer: AIOKafkaConsumer, where: TopicPartition, records: Sequence[Record]
    ) -> Sequence[Record]:
        """The records that are to be applied, once the log has been recognised."""
        position = self._positions.get(where.partition)
        if position is None:
            return ()
        if where.partition not in self._unseen or not records:
            return records
        self._unseen.discard(where.partition)
        first = records[0]
        if position.next == 0 or first.offset >= position.next:
            if position.next:
                self._lost(where.partition, first.offset - position.next)
            return records
        if position.last_record is None or digest(first) == position.last_record:
            return records[1:]
        await self._read_anew(consumer, where.partition, "the last applied record is another one")
        return ()

    async def _find_again(self, consumer: AIOKafkaConsumer, out_of_range: Collection[TopicPartition]) -> None:
        """The position is not in the log: it was trimmed before we read it, or it is another log."""
        tops = list(out_of_range)
        async with asyncio.timeout(20):
            beginnings, ends = await consumer.beginning_offsets(tops), await consumer.end_offsets(tops)
        for where in tops:
            position = self._positions.get(where.partition)
            if position is None:
                continue
            if ends[where] < position.next:
                await self._read_anew(consumer, where.partition, "the log is shorter than what was applied")
            else:
                self._unseen.discard(where.partition)
                self._lost(where.partition, beginnings[where] - position.next)
                self._seek(consumer, where, max(beginnings[where], position.next))

    async def _read_anew(self, consumer: AIOKafkaConsumer, partition: int, why: str) -> None:
        where = TopicPartition(self._topic, partition)
        applied = self._positions[partition].next
        async with asyncio.timeout(20):
            beginning = (await consumer.beginning_offsets([where]))[where]
        if partition not in self._positions:
            return
        self._metrics.other_logs.inc()
        log.error(
            "another log under the topic's name; reading it from its beginning",
            extra={"partition": partition, "why": why, "applied": applied},
        )
        self._unseen.discard(partition)
        self._seek(consumer, where, beginning)

    def _seek(self, consumer: AIOKafkaConsumer, where: TopicPartition, offset: int) -> None:
        """Goes on elsewhere; until something was read there, who knows how far behind that is."""
        consumer.seek(where, offset)
        self._reading[where.partition] = offset
        self._through.pop(where.partition, None)
        self._behind.add(where.partition)

    def _lost(self, partition: int, n: int) -> None:
        if n > 0:
            self._metrics.lost.inc(n)
            log.error(
                "the log dropped records before they were read; going on behind them. Raise the topic's retention",
                extra={"partition": partition, "records": n},
            )

    async def _apply(self, made: Batch) -> None:
        started = time.monotonic()
        moves = [
            Move(partition, self._positions[partition].next, last.offset + 1, digest(last))
            for partition, last in made.last.items()
        ]
        for record, poison in made.poison:
            await self._quarantine.isolate(record, poison)
        applied = await self._stored(made, moves)
        for move in moves:
            if move.partition in self._positions:
                self._positions[move.partition] = Position(move.next, move.last_record)
                self._reading[move.partition] = move.next
                self._through[move.partition] = made.newest.get(move.partition, self._clock())
        await self._publication.publish(applied.changes, applied.note)
        for gateway_id, fence in applied.folded.fences:
            self._send_fence(gateway_id, fence)
        self._count(made, applied, time.monotonic() - started)

    async def _stored(self, made: Batch, moves: Sequence[Move]) -> Applied:
        wait_s = 0.1
        while True:
            try:
                return await self._store.apply(made.events.keys(), moves, made.alter(self._policy), self._clock())
            except AWAY as error:
                log.warning("a batch waits: Postgres is away; trying again", extra={"error": repr(error)})
                if any(move.partition not in self._positions for move in moves):
                    raise Fenced("partitions were revoked while Postgres was away") from error
            await asyncio.sleep(wait_s * (0.5 + random()))  # noqa: S311
            wait_s = min(wait_s * 2, 5)

    def _measure(self, consumer: AIOKafkaConsumer) -> None:
        if not self._positions:
            self._answered_at = self._clock()
        for partition, reading in self._reading.items():
            where = TopicPartition(self._topic, partition)
            end = consumer.highwater(where)
            if end is None:
                continue
            self._answered_at = max(self._answered_at, consumer.last_poll_timestamp(where) or 0)
            lag = max(0, end - reading)
            (self._behind.add if lag else self._behind.discard)(partition)
            self._metrics.lag.labels(str(partition)).set(lag)
        self._metrics.lag_s.set(self.lag_s)

    def _count(self, made: Batch, applied: Applied, took_s: float) -> None:
        metrics, now = self._metrics, self._clock()
        metrics.batch_records.observe(made.records)
        metrics.batch_s.observe(took_s)
        metrics.duplicates.inc(applied.folded.duplicates)
        metrics.late.inc(len(applied.folded.late))
        metrics.fences.inc(len(applied.folded.fences))
        kinds: Counter[type[Event]] = Counter()
        for key, events in made.events.items():
            if key in applied.found:
                kinds.update(type(event) for _, event in events)
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
