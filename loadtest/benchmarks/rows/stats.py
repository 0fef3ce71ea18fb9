"""Numbers of a large fleet: ``/v1/stats`` and a day of ``/v1/stats/series`` over 100,000 stations.

Over HTTP, one request at a time, each past the caches. One that the API refuses counts with the time that it took.
"""

import asyncio
import time

from loadtest.benchmarks.row import Goal, Rounds, Row
from loadtest.list_latency import fill
from loadtest.list_latency.asking import Client, Refused
from loadtest.servers.system import system

TITLE = "Numbers of a large fleet"
BASELINE = "None: the figures are absolute. No broker is in them."
GOALS = (
    Goal("/v1/stats at 100,000 stations", "stats_ms", 10, "ms"),
    Goal("/v1/stats/series, a day, at 100,000 stations", "series_ms", 300, "ms"),
)
STATIONS = 100_000
PATHS = {"stats": "/v1/stats", "series": "/v1/stats/series"}
CACHED_S = 1.05


async def stats(*, quick: bool) -> Row:
    """The row."""
    n, times = (1_000, 3) if quick else (STATIONS, 8)
    figures, refusals = Rounds(), set[str]()
    async with system(("api",), on="mock", prepare=lambda url: fill.fill(url, n)) as ours:
        client = Client(ours.api_port, ours.token)
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
