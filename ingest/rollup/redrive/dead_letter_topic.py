"""The dead-letter topic as it is read to be sent again, and the way back to the main topic.

What was sent is remembered as the position of a consumer group, and only once the main topic has
it: killed in between, the next run sends it once more, which rollups know for what it is. The group
has no members, so nobody waits for anybody; two runs at once may send the same twice.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from ingest.rollup.log import lenient
from ingest.rollup.log.administrator import administrator
from ingest.rollup.log.dead_letters import Letter, Mark, letter, mark

ANSWER_S = 20
MEMORY_AT_MOST = 4_000  #: characters; Kafka takes 4,096 bytes beside a position


class NotPossible(Exception):
    """It cannot be done so; the message says what to do."""


class Letterbox:
    """The letters that lay there when it was opened. Use it through ``opened``."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        producer: AIOKafkaProducer,
        topic: str,
        marks: Mapping[TopicPartition, Mark],
        ends: Mapping[TopicPartition, int],
    ) -> None:
        self._consumer = consumer
        self._producer = producer
        self._topic = topic
        self._marks = dict(marks)
        self._ends = ends

    @property
    def unsent(self) -> int:
        """How many have not been sent again."""
        return sum(max(0, end - mark.next) - len(mark.beyond) for mark, end in self._each())

    async def letters(self) -> AsyncIterator[Letter]:
        """Those that have not been sent again, in the order of each partition.

        Raises:
            KafkaError, OSError, TimeoutError: the broker does not answer.
        """
        for where, end in sorted(self._ends.items()):
            self._consumer.seek(where, self._marks[where].next)
            while await self._consumer.position(where) < end:
                polled = await self._consumer.getmany(where, timeout_ms=ANSWER_S * 1000)
                if not polled:
                    raise TimeoutError(f"{where.topic}/{where.partition} gives no records")
                for record in polled[where]:
                    if record.offset < end and record.offset not in self._marks[where]:
                        yield letter(record, record.timestamp)

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
        """They were sent: the next run leaves them out.

        Raises:
            KafkaError, OSError, TimeoutError: the next run sends them once more.
            NotPossible: so does it then, since there is no room for that many gaps.
        """
        positions = {}
        for where in {one.partition: self._where(one.partition) for one in letters}.values():
            sent = self._marks[where].with_(one.offset for one in letters if one.partition == where.partition)
            if len(sent.text) > MEMORY_AT_MOST:
                raise NotPossible(
                    f"{where.topic}/{where.partition}: too many letters are left out between those that were sent to "
                    "remember which. Send the oldest first: without --reason and --since, or with --limit"
                )
            self._marks[where] = sent
            positions[where] = OffsetAndMetadata(sent.next, sent.text)
        async with asyncio.timeout(ANSWER_S):
            await self._consumer.commit(positions)

    def _where(self, partition: int) -> TopicPartition:
        return next(where for where in self._ends if where.partition == partition)

    def _each(self) -> list[tuple[Mark, int]]:
        return [(self._marks[where], end) for where, end in self._ends.items()]


@contextlib.asynccontextmanager
async def opened(*, servers: str, topic: str, dead_letter_topic: str, group: str) -> AsyncIterator[Letterbox]:
    """A letterbox for the block.

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
        marks = {where: mark(kept[where].offset, kept[where].metadata or "").from_(beginnings[where]) for where in tops}
        yield Letterbox(consumer, producer, topic, marks, ends)
