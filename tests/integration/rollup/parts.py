"""A rollup's parts in this process, put together as its composition root does, with short times; and what feeds it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, TypeAlias

import aiokafka
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from ingest.rollup.copy.fences import Fences
from ingest.rollup.copy.freshness import Freshness
from ingest.rollup.copy.publication import Publication
from ingest.rollup.fold.fold import Policy
from ingest.rollup.log.consumer import Consumer
from ingest.rollup.log.quarantine import Quarantine, quarantining
from ingest.rollup.log.senders import Senders
from ingest.rollup.metrics import Metrics
from ingest.rollup.state.liveness import Liveness
from ingest.rollup.state.store import Store
from local.servers.broker import Broker
from local.stack import Stack
from shared.stores import postgres, redis_client
from shared.stores.hot import HotCopy
from shared.stores.postgres import Pool
from shared.words import codec, documents
from shared.words.documents import ChargePointDocument
from shared.words.event import Event
from tests.events import Session
from tests.waiting import eventually as eventually

WITHIN_S = 30.0


def clock() -> int:
    return time.time_ns() // 1_000_000


async def never(happens: Callable[[], Awaitable[bool]], for_s: float) -> None:
    """Polls all that time whether it happens, which it must not."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        assert not await happens()
        await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Fleet:
    """The inventory of a test, and what Postgres says of it."""

    pool: Pool
    token: str = field(default_factory=lambda: token_hex(3))

    async def station(self, name: str = "S") -> int:
        """A new station; returns its key."""
        key: int = await self.pool.fetchval(
            "INSERT INTO stations (id, name) VALUES ($1, $1) RETURNING key", f"{name}-{self.token}"
        )
        return key

    async def charge_point(self, station_key: int | None, name: str = "CP") -> int:
        """A new charge point; returns its key."""
        charge_point_id = f"{name}-{self.token}"
        station_id = await self.pool.fetchval("SELECT id FROM stations WHERE key = $1", station_key)
        revision = await self.pool.fetchval("SELECT nextval('revisions')")
        document = ChargePointDocument(charge_point_id, station_id, revision=revision)
        key: int = await self.pool.fetchval(
            "INSERT INTO charge_points (id, station_key, revision, document) VALUES ($1, $2, $3, $4) RETURNING key",
            charge_point_id,
            station_key,
            revision,
            documents.encode(document).decode(),
        )
        return key

    async def session(self, name: str = "CP", *, station_key: int | None = None, epoch: int = 1) -> Session:
        """The first session of a new charge point, at a new station unless one is given."""
        key = await self.charge_point(station_key or await self.station(f"S-{name}"), name)
        return Session(epoch=epoch, key=key, charge_point_id=f"{name}-{self.token}")

    async def document(self, key: int) -> ChargePointDocument:
        return documents.charge_point(
            await self.pool.fetchval("SELECT document FROM charge_points WHERE key = $1", key)
        )

    async def is_(self, status: str, key: int) -> bool:
        """Whether the charge point has this status or this connectivity."""
        document = await self.document(key)
        return status in (document.status, document.connectivity)

    async def history(self, key: int, kind: str | None = None) -> list[str]:
        """The reported words in the order of their versions."""
        rows = await self.pool.fetch(
            "SELECT reported FROM history WHERE charge_point_key = $1 AND ($2::text IS NULL OR kind = $2) "
            "ORDER BY epoch, sequence, received_at",
            key,
            kind,
        )
        return [row["reported"] for row in rows]


Raw: TypeAlias = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]  #: key, value, headers


async def publish(
    stack: Stack,
    topic: str,
    *given: Event | Raw | bytes | None,
    partition: int | None = None,
    padding: int = 0,
    compression: str | None = None,
) -> None:
    """Puts events (or raw values, or whole records) on the topic, each acknowledged before this returns.

    ``padding`` makes an event so many bytes longer, by a property that nobody knows.
    """
    padded = b',"padding":"' + b"x" * padding + b'"}'
    async with AIOKafkaProducer(
        bootstrap_servers=stack.kafka_bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        max_request_size=2**24,
        compression_type=compression,
    ) as producer:
        waiting = []
        for one in given:
            if isinstance(one, tuple):
                key_, value, headers = one
                waiting.append(await producer.send(topic, value, key=key_, headers=headers, partition=partition))
            elif isinstance(one, bytes) or one is None:
                waiting.append(await producer.send(topic, one, key=b"any", partition=partition))
            else:
                key = one.charge_point_id.encode()
                value = codec.encode(one)[:-1] + padded if padding else codec.encode(one)
                waiting.append(await producer.send(topic, value, key=key, partition=partition))
        await asyncio.gather(*waiting)


async def consumed(stack: Stack, topic: str, number: int) -> list[Any]:
    """That many records of a topic, from its beginning."""
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=stack.kafka_bootstrap_servers, auto_offset_reset="earliest", group_id=None
    ) as consumer:
        async with asyncio.timeout(WITHIN_S):
            return [await consumer.getone() for _ in range(number)]


def forget_all(stack: Stack, topic: str) -> None:
    """Puts another, empty log under the topic's name."""
    if isinstance(stack.broker, Broker):
        stack.broker.restart()
        return
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap_servers})
    admin.delete_topics([topic])[topic].result(timeout=20)
    deadline = time.monotonic() + WITHIN_S
    while topic in admin.list_topics(timeout=10).topics:
        assert time.monotonic() < deadline
    stack.broker.create_topic(topic)


async def trim(stack: Stack, topic: str, session: Session) -> int:
    """Makes the log of the session's partition lose all but what it ends with; returns how much was published."""
    if isinstance(stack.broker, Broker):  # it keeps 5 MB a partition
        big = [session.reported(clock(), "Charging" if n % 2 else "Available") for n in range(80)]
        await publish(stack, topic, *big, padding=100_000)
        return len(big)
    await publish(stack, topic, *(session.reported(clock(), "Charging") for _ in range(9)), session.reported(clock()))
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap_servers})
    partitions = admin.list_topics(topic, timeout=10).topics[topic].partitions
    async with AIOKafkaConsumer(bootstrap_servers=stack.kafka_bootstrap_servers) as consumer:
        ends = await consumer.end_offsets([aiokafka.TopicPartition(topic, number) for number in partitions])
    last = [TopicPartition(topic, at.partition, max(0, end - 1)) for at, end in ends.items()]
    for done in admin.delete_records(last).values():
        done.result(timeout=20)
    return 10


@dataclass(frozen=True)
class Rollup:
    """The parts of one rollup."""

    pool: Pool
    redis: Redis
    hot_copy: HotCopy
    store: Store
    publication: Publication
    freshness: Freshness
    fences: Fences
    consumer: Consumer
    liveness: Liveness
    metrics: Metrics
    registry: CollectorRegistry

    def counted(self, name: str, labels: Mapping[str, str] | None = None) -> float:
        """The value of a metric."""
        value = self.registry.get_sample_value(f"plugwatch_rollup_{name}", dict(labels or {}))
        return 0.0 if value is None else value

    def tells_lag_of(self) -> set[int]:
        """The partitions whose lag it tells."""
        families = (one for one in self.registry.collect() if one.name == "plugwatch_rollup_lag_records")
        return {int(sample.labels["partition"]) for family in families for sample in family.samples}


@contextlib.asynccontextmanager
async def rollup(
    stack: Stack,
    database_url: str,
    topic: str,
    *,
    group: str | None = None,
    batch_records: int = 500,
    policy: Policy | None = None,
    session_timeout_s: float = 6,
    dead_letter_limit: int = 100,
    dead_letter_topic: str | None = None,
    lease_s: float = 0.5,
    max_lag_s: float = 10,
    clock: Callable[[], int] = clock,
) -> AsyncIterator[Rollup]:
    """The parts of a rollup, none of them running yet."""
    registry = CollectorRegistry()
    metrics, chosen = Metrics(registry), policy or Policy()
    async with (
        redis_client.client(stack.redis_url) as redis,
        postgres.pool(database_url, size=6, name="rollup") as pool,
    ):
        hot_copy = HotCopy(redis, stream_length=10_000)
        store, publication, fences = (
            Store(pool, topic=topic, metrics=metrics),
            Publication(pool, hot_copy, metrics),
            Fences(redis),
        )
        quarantine = Quarantine(
            servers=stack.kafka_bootstrap_servers,
            topic=dead_letter_topic or f"{topic}.dlq",
            senders=Senders(pool, topic=topic, limit=dead_letter_limit),
            metrics=metrics,
        )
        consumer = Consumer(
            servers=stack.kafka_bootstrap_servers,
            topic=topic,
            group=group or f"group-{token_hex(4)}",
            session_timeout_s=session_timeout_s,
            batch_records=batch_records,
            policy=chosen,
            store=store,
            publication=publication,
            quarantine=quarantine,
            send_fence=fences.send,
            metrics=metrics,
            clock=clock,
        )
        liveness = Liveness(
            pool,
            store,
            consumer,
            publication,
            metrics,
            policy=chosen,
            lease_s=lease_s,
            max_lag_s=max_lag_s,
            clock=clock,
        )
        async with quarantining(quarantine):
            freshness = Freshness(hot_copy, publication, metrics, lambda: consumer.behind_s)
            yield Rollup(
                pool, redis, hot_copy, store, publication, freshness, fences, consumer, liveness, metrics, registry
            )


@contextlib.asynccontextmanager
async def running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[Sequence[asyncio.Task[None]]]:
    """Runs them for the block; what one of them raises fails the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        yield tasks
        for task in tasks:
            task.cancel()
