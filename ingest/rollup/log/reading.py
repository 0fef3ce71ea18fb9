"""Where each partition of this rollup stands: how far it was applied, in which log, and how far behind that is.

A partition that is taken over starts one record before its position, to see that the log is the one
it was: a different record there, or a shorter log, is another log, read from its beginning (events
are idempotent). Records that the log has dropped unread are counted and passed.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Collection, Iterable, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from ingest.rollup.fold.batch import Batch, Record, digest
from ingest.rollup.metrics import Metrics
from ingest.rollup.state.store import Move, Position, Store
from shared.process.backoff import backoff
from shared.stores.postgres import AWAY

log = logging.getLogger("plugwatch.rollup.reading")

ANSWERED_WITHIN_MS = 10_000
SEEN_WITHIN_S = 2  #: who slept longer does not know whether something came meanwhile
MOVES_WITHIN_MS = 30_000  #: longer than the slowest statement: a rollup that moves nothing for so long is stuck


class Reading:
    """The partitions that the group has assigned to this rollup, and its progress in them."""

    def __init__(self, *, topic: str, store: Store, metrics: Metrics, clock: Callable[[], int]) -> None:
        self._topic = topic
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._assigned: set[int] = set()
        self._positions: dict[int, Position] = {}
        self._unseen: set[int] = set()  #: partitions whose log has not been recognised yet
        self._next: dict[int, int] = {}  #: partition → offset up to which this log has been applied
        self._through: dict[int, int] = {}  #: partition → received_at (ms) up to which it has been applied
        self._behind: set[int] = set()
        self._level_at: dict[int, float] = {}  #: partition → when (monotonic s) nothing waited in it
        self._held: dict[int, float] = {}  #: partition → until when (monotonic s) it is not read
        self._answered_at = 0
        self._moved_at = 0  #: ms; when a position moved, or it was seen that nothing waited
        metrics.lag_s.set_function(lambda: self._lag_s(self._behind))  # it grows while a batch waits, too
        metrics.held.set_function(lambda: len(self._held))

    @property
    def owned(self) -> frozenset[int]:
        """The partitions that were taken over, their log recognised or not."""
        return frozenset(self._positions)

    @property
    def recognised(self) -> frozenset[int]:
        """The partitions whose events are applied now."""
        return frozenset(self._positions) - self._unseen - self._held.keys()

    @property
    def lag_s(self) -> float:
        """Age of the oldest event that waits (s), as far as is known; 0 when none does, inf before any was read.

        What a record holds up waits for a person, not for us: it is in the metric, and not here.
        """
        return self._lag_s(self._behind - self._held.keys())

    def _lag_s(self, behind: Collection[int]) -> float:
        if not self._through.keys() >= set(behind):
            return math.inf
        oldest = min((self._through[partition] for partition in behind), default=None)
        return 0.0 if oldest is None else max(0.0, (self._clock() - oldest) / 1000)

    @property
    def behind_s(self) -> float | None:
        """How old what is shown may be (s), of the partition that is furthest behind; None while that is not known.

        A gateway whose clock is late makes no lag of an hour: nothing waits for longer than since nothing waited.
        """
        seen = self._behind & (self._level_at.keys() | self._through.keys())
        worst_s = max(map(self._waits_s, seen), default=0.0)
        late = time.monotonic() - SEEN_WITHIN_S
        known = seen | {partition for partition, at in self._level_at.items() if at > late}
        return worst_s if self._assigned and self._assigned <= known else worst_s or None

    def _waits_s(self, partition: int) -> float:
        level_at = self._level_at.get(partition, -math.inf)
        return max(0.0, min(self._lag_s({partition}), time.monotonic() - level_at))

    @property
    def is_answered(self) -> bool:
        """Whether the broker has answered within the last seconds."""
        return self._clock() - self._answered_at < ANSWERED_WITHIN_MS

    @property
    def moves_on(self) -> bool:
        """Whether positions have moved lately, or nothing waited: for readiness."""
        return self._clock() - self._moved_at < MOVES_WITHIN_MS

    def assign(self, partitions: Iterable[int]) -> None:
        """These are ours, those that we have and those that are to be taken over."""
        self._assigned = set(partitions)

    def forget(self, partitions: Iterable[int] | None = None) -> None:
        """These, or all, are others' from now on."""
        for partition in self._assigned | self._positions.keys() if partitions is None else partitions:
            self._assigned.discard(partition)
            self._positions.pop(partition, None)
            self._unseen.discard(partition)
            self._next.pop(partition, None)
            self._through.pop(partition, None)
            self._behind.discard(partition)
            self._level_at.pop(partition, None)
            self._held.pop(partition, None)
            self._metrics.lag.remove(str(partition))

    def hold(self, consumer: AIOKafkaConsumer, record: Record, for_s: float) -> None:
        """Stops before this record, to read it again after a while; other partitions go on meanwhile."""
        if record.partition in self._positions:
            where = TopicPartition(self._topic, record.partition)
            consumer.seek(where, record.offset)
            consumer.pause(where)
            self._behind.add(record.partition)
            self._held[record.partition] = time.monotonic() + for_s

    def resume(self, consumer: AIOKafkaConsumer) -> None:
        """Reads those again whose while is over."""
        for partition in [one for one, until in self._held.items() if until <= time.monotonic()]:
            consumer.resume(TopicPartition(self._topic, partition))
            del self._held[partition]

    async def take_over(self, consumer: AIOKafkaConsumer) -> None:
        """Starts newly assigned partitions at their stored positions, one record early."""
        fresh = self._assigned - self._positions.keys()
        if not fresh:
            return
        positions = await self._stored(fresh)
        async with asyncio.timeout(20):
            ends = await consumer.end_offsets([TopicPartition(self._topic, partition) for partition in fresh])
        for where, end in ends.items():
            if where.partition not in self._assigned:
                continue
            position = self._positions[where.partition] = positions[where.partition]
            self._next[where.partition] = position.next
            self._unseen.add(where.partition)
            if end < position.next:
                await self._read_anew(consumer, where.partition, "the log is shorter than what was applied")
            else:
                consumer.seek(where, max(position.next - 1, 0))

    async def _stored(self, partitions: Collection[int]) -> dict[int, Position]:
        """Waits for Postgres as a member of the group: joining again and again would help nobody."""
        waits = backoff(0.2, 3)
        while True:
            try:
                return await self._store.positions(partitions)
            except AWAY as error:
                log.warning(
                    "where the log was left cannot be read: Postgres is away; trying again",
                    extra={"error": repr(error)},
                )
            await asyncio.sleep(next(waits))

    async def to_apply(
        self, consumer: AIOKafkaConsumer, where: TopicPartition, records: Sequence[Record]
    ) -> Sequence[Record]:
        """Those of the records that are to be applied, once the log has been recognised."""
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

    async def find_again(self, consumer: AIOKafkaConsumer, out_of_range: Collection[TopicPartition]) -> None:
        """Their positions are not in the log: it was trimmed before we read it, or it is another log."""
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

    def polled(self, consumer: AIOKafkaConsumer, made: Batch) -> None:
        """These are read and to be applied: how far behind is that?"""
        self._through.update(dict.fromkeys(made.last, made.oldest or self._clock()))
        if not self._positions:
            self._answered_at = self._clock()
        for partition, following in self._next.items():
            where = TopicPartition(self._topic, partition)
            end = consumer.highwater(where)
            if end is None:
                continue
            self._answered_at = max(self._answered_at, consumer.last_poll_timestamp(where) or 0)
            lag = max(0, end - following)
            (self._behind.add if lag else self._behind.discard)(partition)
            if not lag:
                self._level_at[partition] = time.monotonic()
            self._metrics.lag.labels(str(partition)).set(lag)
        if not self._behind and self._assigned <= self._positions.keys():
            self._moved_at = self._clock()

    def moves(self, made: Batch) -> list[Move]:
        """What applying them does to the positions."""
        return [
            Move(partition, self._positions[partition].next, last.offset + 1, digest(last))
            for partition, last in made.last.items()
        ]

    def applied(self, made: Batch, moves: Iterable[Move]) -> None:
        """They are in Postgres."""
        self._moved_at = self._clock()
        for move in moves:
            if move.partition in self._positions:
                self._positions[move.partition] = Position(move.next, move.last_record)
                self._next[move.partition] = move.next
                self._through[move.partition] = made.newest.get(move.partition, self._clock())

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
        self._next[where.partition] = offset
        self._through.pop(where.partition, None)
        self._level_at.pop(where.partition, None)
        self._behind.add(where.partition)

    def _lost(self, partition: int, n: int) -> None:
        if n > 0:
            self._metrics.lost.inc(n)
            log.error(
                "the log dropped records before they were read; going on behind them. Raise the topic's retention",
                extra={"partition": partition, "records": n},
            )
