"""Where the log ends, and how far the rollup has come on it."""

import asyncio
import time

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from loadtest.servers.system import TOPIC, System

CATCHES_UP_WITHIN_S = 300


async def log_end(servers: str) -> int:
    """Records on the topic, over its partitions."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers)
    await consumer.start()
    try:
        partitions = await consumer._client._wait_on_metadata(TOPIC)
        ends = await consumer.end_offsets([TopicPartition(TOPIC, partition) for partition in partitions])
        return sum(ends.values())
    finally:
        await consumer.stop()


async def applied(database: "asyncpg.Connection[asyncpg.Record]", schema: str = "") -> int:
    """Records that the rollup has applied, by its positions."""
    positions = f"SELECT coalesce(sum(next), 0) FROM {schema}log_positions WHERE topic = $1"
    return int(await database.fetchval(positions, TOPIC))


async def caught_up(database: "asyncpg.Connection[asyncpg.Record]", system: System) -> float:
    """Seconds until all that is on the log now is applied."""
    started = time.monotonic()
    wanted = await log_end(system.stack.kafka_bootstrap_servers)
    async with asyncio.timeout(CATCHES_UP_WITHIN_S):
        while await applied(database) < wanted:
            await asyncio.sleep(0.02)
    return time.monotonic() - started
