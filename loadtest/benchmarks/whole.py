"""CPU a status over all processes, and catching up a backlog beside a bare COPY + upsert loop."""

import asyncio
import contextlib
import signal
import time
from datetime import UTC, datetime

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from loadtest.benchmarks.crowd import crowd
from loadtest.benchmarks.summary import summary
from loadtest.servers.child import process
from loadtest.servers.cpu import tree_cpu_s
from loadtest.servers.gateway import gateway
from local.ports import free_port
from local.stack import Stack

TOPIC = "plugwatch.charger-events"


async def whole(connections: int, frames: int, rounds: int) -> dict[str, object]:
    """CPU a status over all processes, and how fast a backlog is caught up beside a bare COPY + upsert loop.

    The rollup stands still (SIGSTOP) while the backlog grows, then has it all to itself.
    """
    figures: dict[str, list[float]] = {}
    async with contextlib.AsyncExitStack() as cleanup:
        ours, port, stack = cleanup.enter_context(gateway())
        chargers = await cleanup.enter_async_context(crowd(port, connections))
        database = await asyncpg.connect(stack.database_url)
        cleanup.push_async_callback(database.close)
        await into_stations(database)
        rollup = cleanup.enter_context(process("ingest.rollup", environment=rollup_environment(stack)))
        await chargers.run(1_000)
        await caught_up(database, await log_end(stack.kafka_bootstrap_servers))
        parts = {name: part.pid for name, part in stack.processes.items()}
        pids = {"gateway": ours.pid, "rollup": rollup.pid, **parts}
        for number in range(rounds + 1):
            before = {name: tree_cpu_s(pid) for name, pid in pids.items()}
            rollup.send_signal(signal.SIGSTOP)
            await chargers.run(frames)
            wanted = await log_end(stack.kafka_bootstrap_servers)
            rollup.send_signal(signal.SIGCONT)
            took_s = await caught_up(database, wanted)
            cost = {name: (tree_cpu_s(pid) - before[name]) / frames * 1e6 for name, pid in pids.items()}
            bare = await bare_loop(database, frames, connections)
            found = {f"{name}_us": used for name, used in cost.items()} | {
                "all_us": sum(cost.values()),
                "caught_up_per_s": frames / took_s,
                "bare_per_s": bare,
                "ratio": frames / took_s / bare,
            }
            for name, value in found.items():
                if number:  # the first round warms up
                    figures.setdefault(name, []).append(value)
    return {"benchmark": "whole", "connections": connections, "frames_a_round": frames, **summary(figures)}


async def into_stations(database: "asyncpg.Connection[asyncpg.Record]", each: int = 4) -> None:
    """Puts the charge points into stations of ``each``, by SQL."""
    n = await database.fetchval("SELECT count(*) FROM charge_points")
    await database.execute(
        "INSERT INTO stations (id, name) SELECT 'S' || n, 'Station ' || n FROM generate_series(1, $1) n", n // each + 1
    )
    await database.execute(
        "UPDATE charge_points SET station_key = (key / $1) % (SELECT count(*) FROM stations) + 1", each
    )


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


async def applied(database: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Records that the rollup has applied, by its positions."""
    return int(await database.fetchval("SELECT coalesce(sum(next), 0) FROM log_positions"))


async def caught_up(database: "asyncpg.Connection[asyncpg.Record]", wanted: int) -> float:
    """Seconds until ``wanted`` records are applied."""
    started = time.monotonic()
    async with asyncio.timeout(120):
        while await applied(database) < wanted:
            await asyncio.sleep(0.01)
    return time.monotonic() - started


async def bare_loop(database: "asyncpg.Connection[asyncpg.Record]", events: int, things: int) -> float:
    """Events a second of the least that could be done: COPY into a history, upsert of the newest, 2,000 at once."""
    await database.execute("CREATE TABLE IF NOT EXISTS bare_history (thing int, at timestamptz, status text)")
    await database.execute("CREATE TABLE IF NOT EXISTS bare_state (thing int PRIMARY KEY, at timestamptz, status text)")
    now = datetime.fromtimestamp(time.time(), UTC)
    rows = [(i % things, now, "Available" if i % 2 else "Charging") for i in range(events)]
    started = time.monotonic()
    for start in range(0, events, 2000):
        part = rows[start : start + 2000]
        async with database.transaction():
            await database.copy_records_to_table("bare_history", records=part)
            newest = list({row[0]: row for row in part}.values())
            await database.execute(
                "INSERT INTO bare_state SELECT * FROM unnest($1::int[], $2::timestamptz[], $3::text[]) "
                "ON CONFLICT (thing) DO UPDATE SET at = excluded.at, status = excluded.status",
                *(list(column) for column in zip(*newest, strict=True)),
            )
    return events / (time.monotonic() - started)


def rollup_environment(stack: Stack) -> dict[str, str]:
    """What a rollup needs."""
    return {
        **stack.environment,
        "PLUGWATCH_ROLLUP_ADMIN_PORT": str(free_port()),
        "PLUGWATCH_HOST": "127.0.0.1",
        "PLUGWATCH_LOG_LEVEL": "WARNING",
    }
