"""A network of thousands of simulated stations: rows in Postgres, a real API, and changes as rollups publish."""

import asyncio
import contextlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from loadtest.list_latency import fill
from loadtest.servers import api, cpu
from local.stack import Stack
from shared.stores import redis_client
from shared.stores.changes import Facts
from shared.stores.hot import Change, HotCopy
from shared.words.status import STATUSES, Health, Status

T = TypeVar("T")

TOKEN = "board-figures-token"
EVERY_S = 0.1
FIRST_REVISION = 1_000_000


@dataclass(frozen=True)
class Network:
    """Where it is."""

    url: str
    pid: int  #: of the API
    redis_url: str
    ids: list[str]

    def cpu_s(self) -> float:
        """What the API has used so far."""
        return cpu.cpu_s(self.pid)

    @contextlib.contextmanager
    def changing(self, per_s: int) -> Iterator[None]:
        """So many changes a second while the block runs, of stations taken by chance."""
        stop = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._change(per_s, stop)), name="changes")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(10)

    async def _change(self, per_s: int, stop: threading.Event) -> None:
        chance = random.Random(1)
        revision = FIRST_REVISION
        async with redis_client.client(self.redis_url) as redis:
            copy = HotCopy(redis, stream_length=1_000_000)
            revision += int(time.time() * 1000) % 1_000_000_000
            at = time.monotonic()
            while not stop.is_set():
                n = int(per_s * EVERY_S)
                await copy.publish(
                    [_change(id_, revision + k, chance) for k, id_ in enumerate(chance.sample(self.ids, n))]
                )
                revision += n
                at += EVERY_S
                await asyncio.sleep(max(0, at - time.monotonic()))


def _change(station: str, revision: int, chance: random.Random) -> Change:
    status: Status = chance.choices(STATUSES, (60, 30, 1, 3, 3, 3))[0]
    health: Health = {"FAULTED": "DOWN", "UNAVAILABLE": "DOWN", "UNKNOWN": "UNKNOWN"}.get(status, "OK")  # type: ignore[assignment]
    counts = tuple(2 * (one == status) for one in STATUSES)
    facts = Facts(status, health, 0, int(time.time()), counts)
    return Change("station", station, None, revision, f'"1.{revision}"', b"{}", facts)


def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine in a thread of its own: in this one is the loop of the browser's driver."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@contextlib.contextmanager
def network(stations: int, **settings: str) -> Iterator[Network]:
    """So many stations, two charge points each, and an API that serves them."""
    with (
        tempfile.TemporaryDirectory(prefix="plugwatch-board-") as directory,
        Stack.start(data_dir=Path(directory), given={}) as stack,
    ):
        database_url = stack.postgres.create_database("board")
        environment = {**stack.environment, "PLUGWATCH_DATABASE_URL": database_url}
        subprocess.run([sys.executable, "-m", "shared.migrate"], env=environment, check=True, capture_output=True)
        ids = elsewhere(_filled(database_url, stations))
        with api.serving(environment, **{"READ_TOKEN": TOKEN, "LOG_LEVEL": "WARNING"} | settings) as served:
            yield Network(f"http://127.0.0.1:{served.port}", served.pid, stack.redis_url, ids)


async def _filled(url: str, stations: int) -> list[str]:
    await fill.fill(url, stations)
    connection = await asyncpg.connect(url)
    try:
        return [row["id"] for row in await connection.fetch("SELECT id FROM stations ORDER BY id")]
    finally:
        await connection.close()


@contextlib.contextmanager
def another_api(run: dict[str, Any], **settings: str) -> Iterator[str]:
    """A second API of a system that runs, with ``settings`` of its own (names without prefix); its address."""
    environment = {
        "PLUGWATCH_DATABASE_URL": run["database_url"],
        "PLUGWATCH_REDIS_URL": run["redis_url"],
        "PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS": run["kafka_bootstrap_servers"],
        "PLUGWATCH_ADMIN_TOKEN": run["admin_token"],
    }
    with api.serving(environment, **settings) as served:
        yield f"http://127.0.0.1:{served.port}"
