"""Numbers of a large fleet: ``/v1/stats`` and a day of ``/v1/stats/series`` over 100,000 stations."""

import asyncio
import time

from loadtest.benchmarks.row import Goal, Rounds, Row
from loadtest.list_latency import fill
from loadtest.list_latency.asking import Client, Refused, measured
from loadtest.servers.system import broker, system

TITLE = "Numbers of a large fleet"
BASELINE = (
    "None: the figures are absolute, over HTTP, one request at a time; `/v1/stats` is asked past its cache of 1 s."
)
GOALS = (
    Goal("/v1/stats at 100,000 stations, p50", "stats.p50_ms", 10, "ms"),
    Goal("/v1/stats/series, a day, at 100,000 stations, p50", "series.p50_ms", 300, "ms"),
)
STATIONS = 100_000


async def stats(*, quick: bool) -> Row:
    """The row."""
    n, times, rounds = (1_000, 3, 1) if quick else (STATIONS, 4, 3)
    figures, short = Rounds(), list[str]()
    async with system(("api",), on="mock", prepare=lambda url: fill.fill(url, n)) as ours:
        client = Client(ours.api_port, ours.token)
        for _ in range(rounds):
            for name, path in (("stats", "/v1/stats"), ("series", "/v1/stats/series")):
                began = time.perf_counter()
                try:
                    p50, p99 = await asyncio.to_thread(measured, client, path, times)
                except Refused as refused:
                    p50 = p99 = (time.perf_counter() - began) * 1000
                    short.append(f"refused after {p50:,.0f} ms, which is taken for its time: {refused}")
                figures.add(f"{name}.p50_ms", p50)
                figures.add(f"{name}.p99_ms", p99)
    settings = {"stations": n, "charge_points": 2 * n, "requests_a_round": times, "rounds": rounds, "broker": broker()}
    return Row(settings, figures.spread, GOALS, short)
