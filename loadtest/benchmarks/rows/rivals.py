"""Two systems that take the same statuses from crowds of the same size: ours, and ``baselines.ocpp_insert``.

Each has its own Postgres. They run side by side and are loaded in turn, so that one idles while the other is measured.
"""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from loadtest.benchmarks.clients.crowd import Crowd
from loadtest.servers.child import listening, process
from loadtest.servers.cpu import Meter
from loadtest.servers.inventory import imported
from loadtest.servers.log import caught_up
from loadtest.servers.system import System, system
from local.ports import free_port
from local.servers.postgres import Postgres

APART = ("broker", "generator")  #: what a status costs here is shown, but is not in the sum


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, with its chargers connected."""

    pids: Mapping[str, int]
    crowd: Crowd

    def meter(self) -> Meter:
        return Meter(self.pids)


@dataclass(frozen=True, slots=True)
class Ours(Side):
    """Ours, whose work is done when the rollup has applied what is on the log."""

    system: System
    database: "asyncpg.Connection[asyncpg.Record]"

    async def at_rest(self) -> None:
        """Waits until all that was answered is applied."""
        await caught_up(self.database, self.system)


@contextlib.asynccontextmanager
async def rivals(inventory: Iterable[Mapping[str, str]], chargers: Sequence[str]) -> AsyncIterator[tuple[Ours, Side]]:
    """Ours with this inventory, and the other; ``chargers`` are connected to both, booted, and have said a status."""
    port = free_port()
    async with contextlib.AsyncExitStack() as cleanup:
        ours = await cleanup.enter_async_context(system())
        imported(ours.api_port, ours.token, inventory)
        directory = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="plugwatch-bench-"))
        postgres = cleanup.enter_context(Postgres(Path(directory) / "postgres", durable=False))
        bare = cleanup.enter_context(process("loadtest.baselines.ocpp_insert", str(port), postgres.url))
        await listening(port)
        database = await asyncpg.connect(ours.stack.database_url)
        cleanup.push_async_callback(database.close)
        crowds = [Crowd(ours.gateway_port), Crowd(port)]
        for crowd in crowds:
            cleanup.callback(crowd.close)
            await crowd.connect(chargers)
            await crowd.boot()
        await caught_up(database, ours)
        yield (
            Ours(ours.pids, crowds[0], ours, database),
            Side({"server": bare.pid, "postgres": postgres.pid}, crowds[1]),
        )


def us_each(meter: Meter, statuses: int) -> dict[str, float]:
    """CPU (µs) a status: of each process, and in all but broker and generator."""
    each = {name: used / statuses * 1e6 for name, used in meter.used_s().items()}
    return {**each, "all": sum(used for name, used in each.items() if name not in APART)}
