"""How long lists, history and statistics take, by size: ``python -m loadtest.list_latency`` (see ``--help``).

Fills a database by SQL, starts the real API over it, and asks over HTTP, one request at a time.
"""

import argparse
import asyncio
import contextlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncpg

from loadtest.list_latency import fill
from loadtest.list_latency.asking import Client, measured
from loadtest.servers import api
from local.stack import Stack

TOKEN = "list-latency-token"
QUERIES = (
    "/v1/stations?limit=100",
    "/v1/stations?limit=100&cursor={cursor}",
    "/v1/stations?status=AVAILABLE&limit=100",
    "/v1/stations?status=OCCUPIED&status=FAULTED&limit=100",
    "/v1/stations?status=RESERVED&limit=100",
    "/v1/stations?status=AVAILABLE&health=DOWN&limit=100",
    "/v1/stations?health=DEGRADED&limit=100",
    "/v1/stations?connectivity=OFFLINE&limit=100",
    "/v1/stations?operative=false&limit=100",
    "/v1/stations?status=AVAILABLE&limit=100&expand=charge_points",
    "/v1/stations?q=nowhere&limit=100",
    "/v1/stations?q=nowhere&status=AVAILABLE&limit=100",
    "/v1/stations?q=station&limit=100",
    "/v1/stations?q=street+7&limit=100",
    "/v1/stations?q=s&status=RESERVED&limit=100",
    "/v1/stations?near=52.52,13.41&limit=100",
    "/v1/stations?near=52.52,13.41&radius_m=20000&limit=100",
    "/v1/stations?bbox=13.35,52.5,13.45,52.55&limit=100",
    "/v1/stations?bbox=9,50,12,52&limit=100",
    "/v1/stations?bbox=-180,-90,180,90&limit=100",
    "/v1/stations?bbox=170,-20,-170,20&limit=100",
    "/v1/stations?sort=name&limit=100",
    "/v1/stations?sort=name&status=RESERVED&limit=100",
    "/v1/charge-points?status=AVAILABLE&limit=100",
    "/v1/charge-points?connectivity=OFFLINE&limit=100",
    "/v1/charge-points?unassigned=true&limit=100",
    "/v1/charge-points?operative=false&status=FAULTED&limit=100",
    "/v1/charge-points?vendor=acme&limit=100",
    "/v1/charge-points?vendor=rarely&limit=100",
    "/v1/charge-points?vendor=acme&status=RESERVED&limit=100",
    "/v1/charge-points?vendor=acme&firmware=2.0&status=FAULTED&connectivity=OFFLINE&limit=100",
    "/v1/charge-points?vendor=rarely&status=AVAILABLE&limit=100",
    "/v1/charge-points?protocol=ocpp2.0.1&registration=PENDING&limit=100",
    "/v1/charge-points?error_code=GroundFailure&limit=100",
    "/v1/charge-points?error_code=GroundFailure&status=FAULTED&limit=100",
    "/v1/charge-points?error_code=NoError&limit=100",
    "/v1/charge-points?updated_since={recently}&limit=100",
    "/v1/charge-points?updated_since=2020-01-01T00:00:00Z&limit=100",
    "/v1/charge-points?status=FAULTED&limit=100&count=true",
    "/v1/stations?updated_since={recently}&limit=100",
    "/v1/stations?updated_since=2020-01-01T00:00:00Z&status=RESERVED&limit=100",
    "/v1/stations?limit=100&count=true",
    "/v1/connectors?limit=100",
    "/v1/connectors?status=FAULTED&limit=100",
    "/v1/connectors?status=RESERVED&limit=100",
    "/v1/connectors?status=AVAILABLE&error_code=GroundFailure&limit=100",
    "/v1/connectors?station_id={station}&limit=100",
    "/v1/charge-points?station_id={station}&limit=100",
    "/v1/charge-points?q=nowhere&limit=100",
    "/v1/charge-points?q=cp&limit=100",
    "/v1/charge-points?near=52.52,13.41&limit=100",
    "/v1/charge-points/{charge_point}/history?limit=100",
    "/v1/stations/{station}/history?limit=100",
    "/v1/history?limit=100",
    "/v1/history?status=FAULTED&from={recently}&limit=100",
    "/v1/history?kind=CONNECTIVITY&limit=100",
    "/v1/stats",
    "/v1/stats/series",
)


@contextlib.contextmanager
def serving(stack: Stack, database_url: str) -> Iterator[Client]:
    """The API over one database."""
    settings = {"DATABASE_URL": database_url, "READ_TOKEN": TOKEN, "LOG_LEVEL": "WARNING"}
    with api.serving(stack.environment, **settings) as served:
        yield Client(served.port, TOKEN)


def filled(stack: Stack, stations: int) -> str:
    """A migrated database with so many stations; its URL."""
    url = stack.postgres.create_database(f"lists_{stations}")
    environment = {**stack.environment, "PLUGWATCH_DATABASE_URL": url}
    subprocess.run([sys.executable, "-m", "shared.migrate"], env=environment, check=True, stderr=subprocess.DEVNULL)
    asyncio.run(fill.fill(url, stations))
    return url


def planned(stack: Stack, url: str, client: Client, path: str) -> str:
    """EXPLAIN (ANALYZE, BUFFERS) of the longest statement that the API sends for a path, taken from Postgres' log."""
    asyncio.run(_execute(url, "ALTER SYSTEM SET log_min_duration_statement = 0", "SELECT pg_reload_conf()"))
    time.sleep(0.2)
    log = stack.postgres.log
    start = log.stat().st_size
    client.get(path)
    time.sleep(0.2)
    asyncio.run(_execute(url, "ALTER SYSTEM RESET log_min_duration_statement", "SELECT pg_reload_conf()"))
    statements = list(_logged(log.read_bytes()[start:].decode()))
    if not statements:
        return "(no statement: answered from a cache)"
    (plan,) = asyncio.run(_execute(url, "EXPLAIN (ANALYZE, BUFFERS) " + max(statements, key=len)))
    return plan


def _logged(log: str) -> Iterator[str]:
    """The SELECTs in a log, their parameters put in."""
    entries = re.split(r"^(?=\d{4}-\d\d-\d\d )", log, flags=re.M)
    for entry, detail in zip(entries, [*entries[1:], ""], strict=True):
        if found := re.search(r"duration: [\d.]+ ms  execute [^:]*: (.*)", entry, re.S):
            text = found[1].strip()
            values = dict(re.findall(r"\$(\d+) = ('(?:[^']|'')*'|NULL)", detail)) if "DETAIL:" in detail else {}
            if re.match(r"\s*(SELECT|WITH)\b", text):
                yield re.sub(r"\$(\d+)", lambda number, values=values: values[number[1]], text)


async def _execute(url: str, *statements: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return ["\n".join(str(row[0]) for row in await connection.fetch(one)) for one in statements]
    finally:
        await connection.close()


def run(sizes: Sequence[int], times: int, plans: bool, only: str, updates: bool) -> None:
    """The table, by size."""
    queries = [one for one in QUERIES if only in one]
    figures: dict[str, list[tuple[float, float]]] = {query: [] for query in queries}
    with (
        tempfile.TemporaryDirectory(prefix="plugwatch-lists-") as directory,
        Stack.start(data_dir=Path(directory), given={}) as stack,
    ):
        for size in sizes:
            began = time.monotonic()
            url = filled(stack, size)
            print(f"# {size} stations, {2 * size} charge points, filled in {time.monotonic() - began:.0f} s")
            with serving(stack, url) as client:
                known = fill.places(client.get("/v1/stations?limit=500"))
                for query in queries:
                    path = query.format(**known)
                    figures[query].append(measured(client, path, times))
                    if plans and size == sizes[-1]:
                        print(f"\n## {path}\n{planned(stack, url, client, path)}", flush=True)
            if updates:
                print(asyncio.run(fill.update_cost(url)))
    print(f"\n| p50 / p99 in ms over HTTP, {times} requests | " + " | ".join(f"{size:,}" for size in sizes) + " |")
    print("|---|" + "---|" * len(sizes))
    for query, row in figures.items():
        print(f"| `{query}` | " + " | ".join(f"{p50:.1f} / {p99:.1f}" for p50, p99 in row) + " |")


def main() -> None:
    """Arguments in, figures out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", default="1000,10000,100000", help="sizes, by comma (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=200, help="requests a query at most (default: %(default)s)")
    parser.add_argument("--plans", action="store_true", help="EXPLAIN (ANALYZE, BUFFERS) of each at the last size")
    parser.add_argument("--only", default="", help="only queries that contain this")
    parser.add_argument("--updates", action="store_true", help="also what the indexes of the lists cost an update")
    given = parser.parse_args()
    run([int(size) for size in given.stations.split(",")], given.requests, given.plans, given.only, given.updates)


if __name__ == "__main__":
    main()
