"""Postgres, Redis and a broker, brought up together; what the environment already names is used and not started.

`with Stack.start(data_dir=tmp_path) as stack: connect(stack.database_url)`
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

from local.process import Process, stop_all
from local.servers.broker import Broker
from local.servers.kafka import Kafka
from local.servers.postgres import Postgres
from local.servers.redis import Redis

DATABASE_URL = "PLUGWATCH_DATABASE_URL"
REDIS_URL = "PLUGWATCH_REDIS_URL"
KAFKA_BOOTSTRAP_SERVERS = "PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS"

BrokerKind = Literal["mock", "kafka"]


class NotStartedHere(LookupError):
    """The environment names this part, so there is no process of ours to speak of."""


class Stack:
    """The running parts. Each has pid, start, stop, kill, restart, pause and resume, always on its same port."""

    def __init__(self, data_dir: Path, broker: BrokerKind, durable: bool, given: Mapping[str, str]) -> None:
        self._given = {key: given[key] for key in (DATABASE_URL, REDIS_URL, KAFKA_BOOTSTRAP_SERVERS) if given.get(key)}
        self._broker: Broker | Kafka | None = None
        self._redis: Redis | None = None
        self._postgres: Postgres | None = None
        if KAFKA_BOOTSTRAP_SERVERS not in self._given:
            self._broker = Kafka(data_dir / "kafka") if broker == "kafka" else Broker(data_dir)
        if REDIS_URL not in self._given:
            self._redis = Redis(data_dir)
        if DATABASE_URL not in self._given:
            self._postgres = Postgres(data_dir / "postgres", durable=durable)

    @classmethod
    @contextmanager
    def start(
        cls,
        *,
        data_dir: Path,
        broker: BrokerKind = "mock",
        durable: bool = False,
        given: Mapping[str, str] = os.environ,
        stop_within_s: float = 10.0,
    ) -> Iterator[Self]:
        """Start what `given` does not name, from the main thread; `durable` makes Postgres outlive a power cut.

        Raises StartFailure with the last lines of the log of the part that did not come up.
        """
        stack = cls(data_dir, broker, durable, given)
        parts = stack.processes.values()  # the broker first: it is the slowest
        try:
            for part in parts:
                part.spawn()
            for part in parts:
                part.wait_ready()
            yield stack
        finally:
            stack.stop(stop_within_s)

    def stop(self, timeout_s: float) -> None:
        """Stop what was started here; kill what is left after `timeout_s`."""
        stop_all(self.processes.values(), timeout_s)

    @property
    def processes(self) -> dict[str, Process]:
        """What was started here, by name."""
        parts: dict[str, Process | None] = {"broker": self._broker, "redis": self._redis, "postgres": self._postgres}
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def postgres(self) -> Postgres:
        if self._postgres is None:
            raise NotStartedHere("postgres")
        return self._postgres

    @property
    def redis(self) -> Redis:
        if self._redis is None:
            raise NotStartedHere("redis")
        return self._redis

    @property
    def broker(self) -> Broker | Kafka:
        if self._broker is None:
            raise NotStartedHere("broker")
        return self._broker

    @property
    def database_url(self) -> str:
        return self._given.get(DATABASE_URL) or self.postgres.url

    @property
    def redis_url(self) -> str:
        return self._given.get(REDIS_URL) or self.redis.url

    @property
    def kafka_bootstrap_servers(self) -> str:
        return self._given.get(KAFKA_BOOTSTRAP_SERVERS) or self.broker.bootstrap_servers

    @property
    def environment(self) -> dict[str, str]:
        """What our processes need to find it."""
        return {
            DATABASE_URL: self.database_url,
            REDIS_URL: self.redis_url,
            KAFKA_BOOTSTRAP_SERVERS: self.kafka_bootstrap_servers,
        }
