"""Our processes over a stack of their own, known one by one, so that the CPU of each can be told."""

import contextlib
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.ports import free_port
from local.process import Process, stop_all
from local.service import Service
from local.stack import BrokerKind, Stack

TOPIC = "plugwatch.charger-events"
PROGRAMS = {
    "gateway": ("ingest.gateway", "GATEWAY_ADMIN_PORT"),
    "rollup": ("ingest.rollup", "ROLLUP_ADMIN_PORT"),
    "api": ("api", "API_PORT"),
}
_DEFAULTS = {"HOST": "127.0.0.1", "DRAIN_S": "0", "LOG_LEVEL": "WARNING", "SESSION_TIMEOUT_S": "6"}


def broker() -> BrokerKind:
    """The one that ``BROKER`` says; librdkafka's in memory unless it is told."""
    return "kafka" if os.environ.get("BROKER") == "kafka" else "mock"


def partitions() -> int:
    """Of the topic."""
    return 12 if broker() == "kafka" else 4


@dataclass(frozen=True)
class System:
    """What runs, and where."""

    stack: Stack
    services: dict[str, Service]
    environment: Mapping[str, str]
    token: str  #: of the API, for everything

    @property
    def gateway_port(self) -> int:
        return int(self.environment["PLUGWATCH_GATEWAY_PORT"])

    @property
    def api_port(self) -> int:
        return int(self.environment["PLUGWATCH_API_PORT"])

    @property
    def processes(self) -> dict[str, Process]:
        """By name, the stack's among them."""
        return {**self.services, **self.stack.processes}

    @property
    def pids(self) -> dict[str, int]:
        return {name: one.pid for name, one in self.processes.items()}


@contextlib.asynccontextmanager
async def system(
    parts: Sequence[str] = tuple(PROGRAMS),
    *,
    on: BrokerKind | None = None,
    prepare: Callable[[str], Awaitable[object]] | None = None,
    **settings: str,
) -> AsyncIterator[System]:
    """So many of our programs over a migrated stack, ready; ``settings`` are ``PLUGWATCH_*`` without the prefix.

    ``prepare`` is given the database before any of them starts.
    """
    with (
        tempfile.TemporaryDirectory(prefix="plugwatch-bench-") as directory,
        Stack.start(data_dir=Path(directory), broker=on or broker(), given={}) as stack,
    ):
        token = secrets.token_hex(20)
        ports = {name: str(free_port()) for _, name in PROGRAMS.values()} | {"GATEWAY_PORT": str(free_port())}
        chosen = {**_DEFAULTS, **ports, "ADMIN_TOKEN": token, **settings}
        environment = {**stack.environment, **{f"PLUGWATCH_{name}": value for name, value in chosen.items()}}
        if (on or broker()) == "kafka":  # the other makes topics by itself
            stack.broker.create_topic(TOPIC, 12)
            stack.broker.create_topic(f"{TOPIC}.dlq", 1)
        migrate(Path(directory), environment)
        if prepare is not None:
            await prepare(stack.database_url)
        services = {
            part: Service(part, module, Path(directory), environment, int(ports[port]))
            for part, (module, port) in PROGRAMS.items()
            if part in parts
        }
        try:
            for service in services.values():
                service.spawn()
            for service in services.values():
                service.wait_ready()
            yield System(stack, services, environment, token)
        finally:
            stop_all(services.values(), 15)


def migrate(directory: Path, environment: Mapping[str, str]) -> None:
    """Brings the database of this environment up to date."""
    Process(
        "migrate", [sys.executable, "-m", "shared.migrate"], directory / "migrate.log", environment=environment
    ).run()
