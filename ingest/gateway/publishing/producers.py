"""aiokafka's producers: made until a broker answers, and ended so that nothing of them is written afterwards."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from random import random
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from ingest import aiokafka_internals
from ingest.gateway.publishing.batches import BATCH_BYTES

STOP_S = 5

log = logging.getLogger("plugwatch.gateway.publisher")


class Producers:
    """Producers of one gateway, one at a time; ``make`` gives one that is not started."""

    def __init__(self, *, servers: str, client_id: str, make: Callable[..., Any] = AIOKafkaProducer) -> None:
        self._servers = servers
        self._client_id = client_id
        self._make = make

    async def start(self) -> AIOKafkaProducer:
        """One that has found a broker, however long that takes."""
        wait_s = 0.2
        while True:
            producer = self._make(
                bootstrap_servers=self._servers,
                client_id=self._client_id,
                acks="all",
                enable_idempotence=True,
                max_batch_size=BATCH_BYTES,
                request_timeout_ms=10_000,
                retry_backoff_ms=100,
                metadata_max_age_ms=60_000,
            )
            try:
                async with asyncio.timeout(15):
                    await producer.start()
                return producer
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning(
                    "no broker answers; trying again. Check PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS and the broker",
                    extra={"servers": self._servers, "error": repr(error)},
                )
                await self.stop(producer)
            await asyncio.sleep(wait_s * (0.5 + random()))  # noqa: S311
            wait_s = min(wait_s * 2, 5)

    async def stop(self, producer: AIOKafkaProducer) -> None:
        """Ends one; what it cannot flush is the caller's to send again."""
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(STOP_S):
                await producer.stop()
                return
        await aiokafka_internals.fail_unsent(producer)
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(STOP_S):
                await producer.client.close()


async def partitions(producer: AIOKafkaProducer, topic: str) -> int:
    """How many the topic has, once it is there."""
    while True:
        try:
            async with asyncio.timeout(10):
                if found := await producer.partitions_for(topic):
                    return len(found)
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning(
                "the topic is not there yet; create it, with as many partitions as rollups are ever to share",
                extra={"topic": topic, "error": repr(error)},
            )
        await asyncio.sleep(0.5)
