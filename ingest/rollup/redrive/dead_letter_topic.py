"""The dead-letter topic as it is read to be sent again, and the way back to the main topic.

What was sent is remembered as the position of a consumer group, and only once the main topic has it. It stands before
the first letter that was left out: what lies behind that one is sent once more by the next run, as is what a run sent
that was killed. Rollups know it for what it is. The group has no members, so nobody waits for anybody.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from ingest.rollup.log import lenient
from ingest.rollup.log.administrator import administrator
from ingest.rollup.log.dead_letters import Letter, letter

ANSWER_S = 20


class NotPossible(Exception):
    """It cannot be done so; the message says what to do."""


class DeadLetterTopic:
    """The letters that lay there when it was opened. Use it through ``opened``."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        producer: AIOKafkaProducer,
        topic: str,
        positions: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
    ) -> None:
        self._consumer = consumer
        self._producer = producer
        self._topic = topic
        self._positions = positions
        self._ends = ends
        self._left: dict[int, int] = {}  #: partition → the first letter that was left out

    @property
    def unsent(self) -> int:
        """How many count as not sent again."""
        return sum(max(0, end - self._positions[where]) for where, end in self._ends.items())

    async def letters(self) -> AsyncIterator[Letter]:
        """Those, in the order of each partition.

        Raises:
            KafkaError, OSError, TimeoutError: the broker does not answer.
        """
        for where, end in sorted(self._ends.items()):
            self._consumer.seek(where, self._positions[where])
            while await self._consumer.position(where) < end:
                polled = await self._consumer.getmany(where, timeout_ms=ANSWER_S * 1000)
                if not polled:
                    raise TimeoutError(f"{where.topic}/{where.partition} gives no records")
                for record in polled[where]:
                    if record.offset < end:
                        yield letter(record, record.timestamp)

    def leave(self, one: Letter) -> None:
        """It is not sent by this run, and is found again by the next."""
        self._left.setdefault(one.partition, one.offset)

    async def send(self, letters: Sequence[Letter]) -> None:
        """Returns once the main topic has all of them, in their order.

        Raises:
            KafkaError, OSError, TimeoutError: it may have some of them.
        """
        async with asyncio.timeout(ANSWER_S):
            on_their_way = [
                await self._producer.send(self._topic, one.value, key=one.key, headers=one.headers_to_send)
                for one in letters
            ]
            await asyncio.gather(*on_their_way)

    async def remember(self, letters: Sequence[Letter]) -> None:
        """They were sent: the next run begins behind them, unless one before them was left.

        Raises:
            KafkaError, OSError, TimeoutError: the next run sends them once more.
        """
        positions = {}
        for where in self._ends:
            sent = [one.offset + 1 for one in letters if one.partition == where.partition]
            if sent:
                positions[where] = min(max(sent), self._left.get(where.partition, max(sent)))
        async with asyncio.timeout(ANSWER_S):
            await self._consumer.commit(positions)


@contextlib.asynccontextmanager
async def opened(*, servers: str, topic: str, dead_letter_topic: str, group: str) -> AsyncIterator[DeadLetterTopic]:
    """The topic for the block.

    Raises:
        KafkaError, OSError, TimeoutError: the broker does not answer.
        NotPossible: there is no such topic.
    """
    async with asyncio.timeout(ANSWER_S), administrator(servers) as admin:
        (described,) = await admin.describe_topics([dead_letter_topic])
        tops = [TopicPartition(dead_letter_topic, one["partition"]) for one in described["partitions"]]
        if not tops:
            raise NotPossible(
                f"the broker has no topic {dead_letter_topic}: create it, or see PLUGWATCH_DEAD_LETTER_TOPIC"
            )
        kept = await admin.list_consumer_group_offsets(group, partitions=tops)
    consumer = lenient.consumer(
        bootstrap_servers=servers, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True)
    async with consumer, producer:
        consumer.assign(tops)
        async with asyncio.timeout(ANSWER_S):
            beginnings, ends = await consumer.beginning_offsets(tops), await consumer.end_offsets(tops)
        # -1, no position, is below any beginning.
        positions = {where: max(kept[where].offset, beginnings[where]) for where in tops}
        yield DeadLetterTopic(consumer, producer, topic, positions, ends)
