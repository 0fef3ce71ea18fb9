"""A station's document over HTTP, beside a FastAPI route that answers constant bytes on the same server.

Stations of four charge points that have booted and reported; readers ask for one after the other, each with one request
outstanding on a connection that is kept.
"""

import contextlib
import urllib.request

from loadtest.benchmarks.clients.crowd import crowd, named
from loadtest.benchmarks.clients.readers import Readers
from loadtest.benchmarks.row import Goal, Rounds, Row
from loadtest.servers.child import listening, process
from loadtest.servers.cpu import Meter
from loadtest.servers.inventory import imported, in_stations
from loadtest.servers.system import System, broker, system
from local.ports import free_port

TITLE = "A station read"
BASELINE = """`constant`: FastAPI on uvicorn, a route that answers the same number of bytes whatever the id. It checks \
no token, looks nothing up, sets no ETag."""
GOALS = (
    Goal("GET /v1/stations/{id}, requests/s", "per_s_ratio", 1.0, kind="at least"),
    Goal("GET /v1/stations/{id}, the baseline's CPU ÷ that of our API and Redis", "cpu_ratio", 1.0, kind="at least"),
)
READERS = 32


async def read(*, quick: bool) -> Row:
    """The row."""
    n, requests, rounds = (40, 2_000, 1) if quick else (400, 8_000, 5)
    figures, chargers = Rounds(), named(n)
    async with contextlib.AsyncExitStack() as cleanup:
        ours = await cleanup.enter_async_context(system())
        rows = list(in_stations(chargers))
        imported(ours.api_port, ours.token, rows)
        crowded = await cleanup.enter_async_context(crowd(ours.gateway_port, n))
        await crowded.boot()
        paths = sorted({f"/v1/stations/{row['station_id']}" for row in rows})
        document = _document(ours, paths[0])
        port = free_port()
        bare = cleanup.enter_context(process("loadtest.baselines.constant", str(port), str(len(document))))
        await listening(port)
        sides = {"ours": (Readers(paths, ours.token), ours.pids), "bare": (Readers(paths), {"api": bare.pid})}
        await sides["ours"][0].connect(ours.api_port, READERS)
        await sides["bare"][0].connect(port, READERS)
        for readers, _ in sides.values():
            cleanup.callback(readers.close)
        for number in range(rounds + 1):
            found: dict[str, float] = {}
            for name, (readers, pids) in sides.items():
                meter = Meter(pids)
                found[f"{name}.per_s"] = requests / await readers.run(requests)
                used = meter.used_s()
                found |= {f"{name}.{part}_us": cost / requests * 1e6 for part, cost in used.items()}
            if number:  # the first round warms up
                found["per_s_ratio"] = found["ours.per_s"] / found["bare.per_s"]
                found["ours.read_us"] = found["ours.api_us"] + found["ours.redis_us"]
                found["cpu_ratio"] = found["bare.api_us"] / found["ours.read_us"]
                figures.add_all(found)
    settings = {"readers": READERS, "requests_a_round": requests, "rounds": rounds, "document_bytes": len(document)}
    return Row({**settings, "broker": broker()}, figures.spread, GOALS)


def _document(ours: System, path: str) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{ours.api_port}{path}", headers={"Authorization": f"Bearer {ours.token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        document: bytes = answer.read()
    return document
