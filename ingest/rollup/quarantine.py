"""Poison records: to the dead-letter topic, acked, with their reason, before the position passes them.

Too many within an hour stop the rollup: something is writing to the topic that should not, and
quietly moving a whole fleet's state aside would be worse than standing still.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from ingest.rollup.batch import Record
from ingest.rollup.letters import headers_of
from ingest.rollup.metrics import Metrics
from shared.errors import Poison, Transient

log = logging.getLogger("plugwatch.rollup.quarantine")

WINDOW_S = 3600


class TooMuchPoison(Exception):
    """The limit of dead letters within the window is passed; a person must look."""


class Quarantine:
    """Sends poison records to the dead-letter topic."""

    def __init__(self, *, servers: str, topic: str, limit: int, metrics: Metrics) -> None:
        self._servers = servers
        self._topic = topic
        self._limit = limit
        self._metrics = metrics
        self._producer: AIOKafkaProducer | None = None
        self._recent: deque[float] = deque()

    async def isolate(self, record: Record, poison: Poison) -> None:
        """Returns once the dead-letter topic has the record.

        Raises:
            Transient: the broker did not take it; try again.
            TooMuchPoison: the limit is passed. The record is in the dead-letter topic all the same.
        """
        try:
            async with asyncio.timeout(20):
                producer = await self._started()
                await producer.send_and_wait(
                    self._topic, record.value or b"", key=record.key, headers=headers_of(record, poison)
                )
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close()
            raise Transient(f"the dead-letter topic {self._topic} did not take a record: {error!r}") from error
        self._metrics.dead_letters.labels(poison.reason).inc()
        log.error(
            "a record can never be applied; it is in the dead-letter topic",
            extra={"partition": record.partition, "offset": record.offset, "reason": poison.reason},
        )
        now = time.monotonic()
        self._recent.append(now)
        while now - self._recent[0] > WINDOW_S:
            self._recent.popleft()
        if len(self._recent) > self._limit:
            raise TooMuchPoison(
                f"{len(self._recent)} poison records within an hour: find who writes them (headers of {self._topic}), "
                "or raise PLUGWATCH_DEAD_LETTER_LIMIT"
            )

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                bootstrap_servers=self._servers, acks="all", enable_idempotence=True, request_timeout_ms=10_000
            )
            await self._producer.start()
        return self._producer

    async def close(self) -> None:
        """Stops the producer, if one was needed."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(5):
                    await producer.stop()


@contextlib.asynccontextmanager
async def quarantining(quarantine: Quarantine) -> AsyncIterator[None]:
    """Closes the producer at the end of the block."""
    try:
        yield
    finally:
        await quarantine.close()
