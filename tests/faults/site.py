"""The system under test: two gateways, two rollups and an API on a real stack, kept alive, each open to harm.

Rollups reach Postgres, and those who listen reach Postgres and Redis, through ``Wire``: it can be cut, or fall silent.
"""

import asyncio
import contextlib
import secrets
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from local.ports import free_port
from local.process import Process
from local.servers.kafka import Kafka
from local.service import Service
from local.stack import BrokerKind, Stack
from tests.faults.verdict import Verdict
from tests.faults.wire import Wire

TOPIC, DEAD_LETTERS, PARTITIONS = "plugwatch.charger-events", "plugwatch.charger-events.dlq", 12
GRACE_S, LEASE_S, SESSION_S = 4, 5, 6
SETTINGS = {
    "HOST": "127.0.0.1",
    "TOPIC": TOPIC,
    "DEAD_LETTER_TOPIC": DEAD_LETTERS,
    "DEAD_LETTER_LIMIT": "100000",
    "CLOSE_GRACE_S": str(GRACE_S),
    "LEASE_S": str(LEASE_S),
    "SESSION_TIMEOUT_S": str(SESSION_S),
    "HEARTBEAT_INTERVAL_S": "30",
    "PING_INTERVAL_S": "10",
    "DRAIN_S": "1",
    "FAILED_HANDSHAKES_PER_MINUTE": "0",
}
TEND_S = 0.2


class Site:
    """The processes by name, and the wires between them."""

    def __init__(self, directory: Path, stack: Stack, verdict: Verdict) -> None:
        self.stack = stack
        self.verdict = verdict
        self.wires = {
            "rollup-postgres": Wire(stack.postgres.port),
            "listen-postgres": Wire(stack.postgres.port),
            "listen-redis": Wire(stack.redis.port),
        }
        self.read_token, self.admin_token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.directory = directory
        self.services: dict[str, Service] = {}
        self.gateways: list[str] = []  #: ws:// addresses
        self.api = ""
        self.down: set[str] = (
            set()
        )  #: killed or stopped on purpose: whoever ends without being here has ended by itself
        self.memory: dict[str, list[tuple[int, int]]] = {}  #: name → (pid, resident kB), a sample a few seconds

    def prepare(self) -> None:
        """Schema, topics, processes described; the wires must be up."""
        migrate = [sys.executable, "-m", "shared.migrate"]
        Process("migrate", migrate, self.directory / "migrate.log", environment=self.stack.environment).run()
        broker = self.stack.broker
        if isinstance(broker, Kafka):
            broker.create_topic(TOPIC, PARTITIONS)
            broker.create_topic(DEAD_LETTERS, 1)
        tokens = {"READ_TOKEN": self.read_token, "ADMIN_TOKEN": self.admin_token}
        common = {f"PLUGWATCH_{name}": value for name, value in {**SETTINGS, **tokens}.items()} | self.stack.environment
        redis = through(self.stack.redis_url, self.wires["listen-redis"])
        listen = through(self.stack.database_url, self.wires["listen-postgres"])
        for number in (1, 2):
            port, admin = free_port(), free_port()
            self.gateways.append(f"ws://127.0.0.1:{port}/ocpp")
            self._describe(
                f"gateway-{number}", "ingest.gateway", admin, common,
                GATEWAY_PORT=str(port), GATEWAY_ADMIN_PORT=str(admin), REDIS_URL=redis, DATABASE_DIRECT_URL=listen,
            )  # fmt: skip
        for number in (1, 2):
            admin = free_port()
            database = through(self.stack.database_url, self.wires["rollup-postgres"])
            self._describe(
                f"rollup-{number}", "ingest.rollup", admin, common,
                ROLLUP_ADMIN_PORT=str(admin), DATABASE_URL=database,
            )  # fmt: skip
        port = free_port()
        self.api = f"http://127.0.0.1:{port}"
        self._describe("api", "api", port, common, API_PORT=str(port), REDIS_URL=redis)

    def _describe(self, name: str, module: str, port: int, common: dict[str, str], **more: str) -> None:
        own = {f"PLUGWATCH_{key}": value for key, value in more.items()}
        self.services[name] = Service(name, module, self.directory, {**common, **own}, port)

    @property
    def processes(self) -> dict[str, Process]:
        """Ours and the servers'."""
        return {**self.services, **self.stack.processes}

    async def spawn(self, name: str) -> None:
        """Starts it and waits until it is ready."""
        process = self.processes[name]
        process.spawn()
        await asyncio.to_thread(process.wait_ready)
        self.down.discard(name)

    async def kill(self, name: str) -> None:
        """``kill -9``; the keeper leaves it alone until ``spawn``."""
        self.down.add(name)
        process = self.processes[name]
        await asyncio.to_thread(process.kill)

    async def stop(self, name: str) -> None:
        """SIGTERM, and the exit must be clean and in time."""
        self.down.add(name)
        process = self.processes[name]
        process.ask_to_stop()
        deadline = time.monotonic() + 30
        while process.alive and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(TEND_S)
        if process.alive or process.status not in (0, None):
            self.verdict.add("unclean stop", f"{name} after SIGTERM: {process.fate}")
            await asyncio.to_thread(process.kill)

    async def tend(self) -> None:
        """Until cancelled: whoever ended by itself is a finding, and is started again; memory is looked at."""
        looked = 0.0
        while True:
            await asyncio.sleep(TEND_S)
            for name, process in self.processes.items():
                if not process.alive and name not in self.down:
                    self.verdict.add("ended by itself", f"{name} {process.fate}{process.last_words(4)}")
                    process.spawn()
            if time.monotonic() - looked > 5:
                looked = time.monotonic()
                for name, process in self.services.items():
                    if process.alive:
                        self.memory.setdefault(name, []).append((process.pid, resident_kb(process.pid)))


def through(url: str, wire: Wire) -> str:
    """The URL with the wire's port in it."""
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{wire.port}" if user else f"127.0.0.1:{wire.port}"))


def resident_kb(pid: int) -> int:
    """Resident memory of a process; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


@contextlib.asynccontextmanager
async def running(directory: Path, broker: BrokerKind, verdict: Verdict) -> AsyncIterator[Site]:
    """The whole site for the block; enter it from the main thread."""
    with Stack.start(data_dir=directory, broker=broker, durable=True, given={}) as stack:
        site = Site(directory, stack, verdict)
        async with contextlib.AsyncExitStack() as wires:
            for wire in site.wires.values():
                await wires.enter_async_context(wire.up())
            site.prepare()
            try:
                for service in site.services.values():
                    service.spawn()
                for service in site.services.values():
                    await asyncio.to_thread(service.wait_ready)
                yield site
            finally:
                for service in site.services.values():
                    service.ask_to_stop()
                for service in site.services.values():
                    await asyncio.to_thread(service.stop, 10)
