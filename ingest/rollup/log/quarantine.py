"""Poison records: to the dead-letter topic, acked, with their reason, before the position passes them.

Records of too many different charge points within an hour stop the rollup (``senders``): something is writing to
the topic that should not, or the rollup is wrong, and quietly moving a whole fleet's state aside would be worse than
standing still.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Sequence
from typing import TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    RecordListTooLargeError,
    UnknownProducerId,
    UnknownTopicOrPartitionError,
)

from ingest.rollup.fold.batch import Record, digest
from ingest.rollup.log import dead_letters
from ingest.rollup.metrics import Metrics
from shared.words.errors import Poison, Transient

from .senders import Senders

log = logging.getLogger("plugwatch.rollup.quarantine")

ANSWER_S = 20
TOPIC_S = 1.0  #: for the broker to name the topic's partitions: it is asked while all partitions wait
MISSING_S = 30.0  #: before it is asked again
AT_ONCE = 100
REMEMBERED = 20_000  #: letters that were sent and whose position may not have moved yet: several batches
LARGEST = 64 * 1024 * 1024  #: bytes; it is for the broker to say what is too large
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
#: Not ``retriable`` by aiokafka's word, and yet over with a new producer. The topic that is missing stays missing.
_PASSING = (KafkaTimeoutError, ProducerClosed, OutOfOrderSequenceNumber, UnknownProducerId, InvalidProducerEpoch)

Poisoned: TypeAlias = tuple[Record, Poison]


class LettersRefused(Exception):
    """The dead-letter topic takes no letters, and will not until a person has mended it."""


class Quarantine:
    """Sends poison records to the dead-letter topic."""

    def __init__(self, *, servers: str, topic: str, senders: Senders, metrics: Metrics) -> None:
        self._servers = servers
        self._topic = topic
        self._senders = senders
        self._metrics = metrics
        self._producer: AIOKafkaProducer | None = None
        self._asks_again_at = 0.0  #: monotonic (s)
        self._sent: dict[tuple[int, int, str], None] = {}  #: in order; partition, offset, digest

    async def isolate(self, poisoned: Sequence[Poisoned]) -> None:
        """Returns once the dead-letter topic has the records; one that it has from before is not sent again.

        Raises:
            TooMuchPoison: with them the limit is passed; nothing was sent.
            Transient, or one of ``postgres.AWAY``: try again.
            LettersRefused: trying again is no use before a person has acted. Some may have been sent.
        """
        waiting = [one for one in poisoned if _identity(one[0]) not in self._sent]
        if not waiting:
            return
        if time.monotonic() < self._asks_again_at:  # the parts of a batch come one after another
            raise LettersRefused(f"the dead-letter topic {self._topic} was not there a moment ago")
        await self._senders.admit({dead_letters.sender(record) for record, _ in waiting})
        try:
            for start in range(0, len(waiting), AT_ONCE):
                for one in await self._send(waiting[start : start + AT_ONCE]):
                    await self._send_alone(one)
            _say(waiting)
        except (OSError, TimeoutError) as error:
            await self.close()
            raise Transient(f"the dead-letter topic {self._topic} did not take a record: {error!r}") from error
        except KafkaError as error:
            await self.close()
            said = f"the dead-letter topic {self._topic} did not take a record: {error!r}"
            if isinstance(error, _PASSING) or (error.retriable and not isinstance(error, UnknownTopicOrPartitionError)):
                raise Transient(said) from error
            raise LettersRefused(said) from error

    async def _send(self, poisoned: Sequence[Poisoned]) -> list[Poisoned]:
        """Sends them at once; returns those that were not taken."""
        producer = await self._started()
        async with asyncio.timeout(ANSWER_S):
            await self._find_topic(producer)
            results = await asyncio.gather(
                *(
                    producer.send_and_wait(
                        self._topic,
                        record.value or b"",
                        key=record.key,
                        headers=dead_letters.headers_of(record, poison),
                    )
                    for record, poison in poisoned
                ),
                return_exceptions=True,
            )
        left = []
        for one, result in zip(poisoned, results, strict=True):
            if not isinstance(result, BaseException):
                self._is_sent(one)
            elif isinstance(result, KafkaError) and not isinstance(result, UnknownTopicOrPartitionError):
                left.append(one)
            else:
                raise result
        return left

    async def _find_topic(self, producer: AIOKafkaProducer) -> None:
        try:
            async with asyncio.timeout(TOPIC_S):
                await producer.partitions_for(self._topic)
        except TimeoutError:
            if not await producer.client.force_metadata_update():
                raise
            self._asks_again_at = time.monotonic() + MISSING_S
            raise UnknownTopicOrPartitionError from None

    async def _send_alone(self, one: Poisoned) -> None:
        """By a producer of its own: one that was refused a record may be of no use for the next."""
        record, poison = one
        key, value, headers = record.key, record.value or b"", dead_letters.headers_of(record, poison)
        for is_last in (False, True):
            await self.close()
            producer = await self._started()
            try:
                async with asyncio.timeout(ANSWER_S):
                    await producer.send_and_wait(self._topic, value, key=key, headers=headers)
                break
            except _TOO_LARGE:
                if is_last:
                    raise
                key, value, headers = dead_letters.cut(record, poison)
        await self.close()
        self._is_sent(one)

    def _is_sent(self, one: Poisoned) -> None:
        record, poison = one
        self._sent[_identity(record)] = None
        if len(self._sent) > REMEMBERED:
            del self._sent[next(iter(self._sent))]
        self._metrics.dead_letters.labels(poison.reason).inc()

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                bootstrap_servers=self._servers,
                acks="all",
                enable_idempotence=True,
                request_timeout_ms=10_000,
                max_request_size=LARGEST,
            )
            async with asyncio.timeout(ANSWER_S):
                await self._producer.start()
        return self._producer

    async def close(self) -> None:
        """Stops the producer, if one was needed."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(5):
                    await producer.stop()


def _say(sent: Sequence[Poisoned]) -> None:
    """One line a kind, not one a record: thousands may come at once."""
    kinds: dict[tuple[str, str, str], list[Record]] = {}
    for record, poison in sent:
        kinds.setdefault((poison.reason, poison.exception, poison.place), []).append(record)
    for (reason, exception, place), records in kinds.items():
        log.error(
            "records can never be applied; they are in the dead-letter topic: see python -m ingest.rollup.redrive",
            extra={
                "records": len(records),
                "partition": records[0].partition,
                "offset": records[0].offset,
                "reason": reason,
                "exception": exception,
                "place": place,
            },
        )


def _identity(record: Record) -> tuple[int, int, str]:
    return (record.partition, record.offset, digest(record))


@contextlib.asynccontextmanager
async def quarantining(quarantine: Quarantine) -> AsyncIterator[None]:
    """Closes the producer at the end of the block."""
    try:
        yield
    finally:
        await quarantine.close()
