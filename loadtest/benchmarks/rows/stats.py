"""Numbers of a large fleet: ``/v1/stats`` and a day of ``/v1/stats/series`` over 100,000 stations.

Over HTTP, one request at a time, each past the caches, once a rollup has filled Redis and counted the minutes that it
found. One that the API refuses counts with the time that it took.
"""

import asyncio
import json
import time

import asyncpg

from loadtest.benchmarks.row import Goal, Rounds, Row
from loadtest.list_latency import fill
from loadtest.list_latency.asking import Client, Refused
from loadtest.servers.system import System, system

TITLE = "Numbers of a large fleet"
BASELINE = "None: the figures are absolute. No broker is in them."
GOALS = (
    Goal("/v1/stats at 100,000 stations", "stats_ms", 10, "ms"),
    Goal("/v1/stats/series, a day, at 100,000 stations", "series_ms", 300, "ms"),
)
STATIONS = 100_000
PATHS = {"stats": "/v1/stats", "series": "/v1/stats/series"}
CACHED_S = 1.05
KEPT_WITHIN_S = 900
_IS_KEPT = "SELECT coalesce(max(at) > now() - interval '5 minutes', false) FROM series_minutes"


async def stats(*, quick: bool) -> Row:
    """The row."""
    n, times = (1_000, 3) if quick else (STATIONS, 8)
    figures, refusals = Rounds(), set[str]()
    async with system(("rollup", "api"), on="mock", prepare=lambda url: fill.fill(url, n)) as ours:
        client = Client(ours.api_port, ours.token)
        await _kept(ours, client)
        for number in range(times + 1):
            for name, path in PATHS.items():
                await asyncio.sleep(CACHED_S)
                began = time.perf_counter()
                try:
                    await asyncio.to_thread(client.get, path)
                except Refused as refused:
                    refusals.add(f"refused: {refused}")
                if number:  # the first warms up
                    figures.add(f"{name}_ms", (time.perf_counter() - began) * 1000)
    settings = {"stations": n, "charge_points": 2 * n, "requests": times}
    return Row(settings, figures.spread, GOALS, sorted(refusals))


async def _kept(ours: System, client: Client) -> None:
    """Waits until a rollup has filled Redis, and counted the minutes of the history that it found."""
    connection = await asyncpg.connect(ours.stack.database_url)
    try:
        async with asyncio.timeout(KEPT_WITHIN_S):
            while not (await connection.fetchval(_IS_KEPT) and await asyncio.to_thread(_is_fresh, client)):
                await asyncio.sleep(1)
    finally:
        await connection.close()


def _is_fresh(client: Client) -> bool:
    return bool(json.loads(client.get("/readyz"))["dependencies"]["redis"] == "ok")
