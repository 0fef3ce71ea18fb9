"""A gateway as a real process, the inventory it reads, and the topic it writes."""

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer
from prometheus_client.parser import text_string_to_metric_families

from local.ports import free_port
from local.service import Service
from local.stack import Stack
from shared.credentials import passwords
from shared.stores import fleet
from shared.words import codec
from shared.words.event import Event
from tests.waiting import eventually as eventually

METRICS_TOKEN = "metrics-token-of-tests"
WITHIN_S = 20.0
ROOT = Path(__file__).parents[3]


class Gateway(Service):
    """``python -m ingest.gateway`` on ports of its own."""

    def __init__(self, name: str, directory: Path, environment: Mapping[str, str]) -> None:
        self.port, self.admin_port = free_port(), free_port()
        ours = {
            "GATEWAY_ID": name,
            "HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "GATEWAY_ADMIN_PORT": str(self.admin_port),
            "METRICS_TOKEN": METRICS_TOKEN,
            "FAILED_HANDSHAKES_PER_MINUTE": "0",
            "DRAIN_S": "0.2",
        }
        super().__init__(
            name,
            "ingest.gateway",
            directory,
            {f"PLUGWATCH_{key}": value for key, value in ours.items()} | dict(environment),
            self.admin_port,
        )
        self.directory = ROOT

    @property
    def id(self) -> str:
        """The name of this incarnation, as it says when chargers may connect."""
        lines = self.log.read_text(errors="replace").splitlines()
        said = [json.loads(line) for line in lines if '"gateway_id"' in line and "chargers may connect" in line]
        return str(said[-1]["gateway_id"])

    def url(self, charge_point_id: str) -> str:
        return f"ws://127.0.0.1:{self.port}/ocpp/{quote(charge_point_id, safe='')}"

    def admin(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.admin_port}{path}", headers=headers, timeout=10, trust_env=False)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name with these labels."""
        text = self.admin("/metrics", Authorization=f"Bearer {METRICS_TOKEN}").text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def complaints(self) -> list[str]:
        """What it logged as an error; a client library that finds no broker does not count."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line]
        parsed = [json.loads(line) if line.startswith("{") else {"level": "ERROR", "message": line} for line in lines]
        return [
            json.dumps(line)
            for line in parsed
            if line["level"] in ("ERROR", "CRITICAL") and not str(line.get("logger")).startswith("aiokafka")
        ]


class Inventory:
    """What the API writes: rows of charge points, announced to the gateways."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection

    async def add(self, charge_point_id: str, *, password: str | None = None, registration: str = "ACCEPTED") -> int:
        async with self.connection.transaction():
            key = int(
                await self.connection.fetchval(
                    "INSERT INTO charge_points (id, password_hash, registration) VALUES ($1, $2, $3) RETURNING key",
                    charge_point_id,
                    passwords.hashed(password) if password else None,
                    registration,
                )
            )
            await fleet.announce(self.connection, [key])
        return key

    async def delete(self, key: int) -> None:
        async with self.connection.transaction():
            await self.connection.execute("UPDATE charge_points SET deleted_at = now() WHERE key = $1", key)
            await fleet.announce(self.connection, [key])

    async def register(self, key: int, registration: str) -> None:
        async with self.connection.transaction():
            await self.connection.execute(
                "UPDATE charge_points SET registration = $2 WHERE key = $1", key, registration
            )
            await fleet.announce(self.connection, [key])

    async def set_password(self, key: int, password: str) -> None:
        async with self.connection.transaction():
            await self.connection.execute(
                "UPDATE charge_points SET password_hash = $2 WHERE key = $1", key, passwords.hashed(password)
            )
            await fleet.announce(self.connection, [key])


class Record(NamedTuple):
    """An event as it lies on the topic."""

    partition: int
    offset: int
    key: bytes
    event: Event


class Topic:
    """Reads a topic from its beginning."""

    def __init__(self, servers: str, name: str) -> None:
        self._servers = servers
        self.name = name

    async def records(self, charge_point_id: str | None = None) -> list[Record]:
        """All that is on the topic now, in order, of one charge point or of all."""
        consumer = AIOKafkaConsumer(
            self.name,
            bootstrap_servers=self._servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=50,
        )
        await consumer.start()
        try:
            partitions = list(consumer.assignment())
            ends = await consumer.end_offsets(partitions)
            found: list[Record] = []
            while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
                for of, records in (await consumer.getmany(timeout_ms=200)).items():
                    found += [Record(of.partition, one.offset, one.key, codec.decode(one.value)) for one in records]
        finally:
            await consumer.stop()
        found.sort(key=lambda one: (one.partition, one.offset))
        return [one for one in found if charge_point_id in (None, one.event.charge_point_id)]

    async def events(self, charge_point_id: str, kind: type[Event] | None = None) -> list[Any]:
        """The events of a charge point, of one kind or of all."""
        events = [one.event for one in await self.records(charge_point_id)]
        return [event for event in events if kind is None or isinstance(event, kind)]


def _stopped(pid: int) -> bool:
    """Whether every thread of the process has stopped: a signal takes its time to reach them."""
    stats = (stat.read_text() for stat in Path(f"/proc/{pid}/task").glob("*/stat"))
    return all(stat.rpartition(") ")[2].startswith("T") for stat in stats)


@contextmanager
def no_broker(stack: Stack) -> Iterator[None]:
    """The broker answers nothing; its connections stay open."""
    stack.broker.pause()
    try:
        while not _stopped(stack.broker.pid):
            time.sleep(0.001)
        yield
    finally:
        stack.broker.resume()


class Ids:
    """Names nobody else uses."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers = itertools.count(1)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        return f"{self._prefix}{next(self._numbers)}"
