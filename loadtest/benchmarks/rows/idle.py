"""What chargers cost that only stay: memory each, a Heartbeat while a large inventory is compared, CPU of everything.

Two systems: a gateway alone over an inventory of 100,000, of which as many are connected as there may be files open;
and everything with 1,000 connected chargers that have booted and only beat every 300 s.
"""

import asyncio
from collections import defaultdict

import asyncpg

from loadtest.benchmarks.clients.charger import HEARTBEAT, Charger
from loadtest.benchmarks.clients.crowd import Crowd, Paced, bearable, crowd, named
from loadtest.benchmarks.row import Goal, Rounds, Row, percentile
from loadtest.benchmarks.rows.rivals import APART
from loadtest.list_latency import fill
from loadtest.servers.cpu import Meter, resident_bytes
from loadtest.servers.inventory import imported, in_stations
from loadtest.servers.system import System, broker, system

TITLE = "Chargers that only stay"
BASELINE = "None: the figures are absolute. A bare `websockets` connection without compression is some 6 kB by itself."
MANY, INVENTORY, RESTING = 16_000, 100_000, 1_000
BEATS_PER_S = 250
COMPARED_EVERY_S = 60  #: the inventory, by the gateway
RESTING_S = 30
SETTLED_S = 60  #: until all have been pinged once, and the gateway has asked for what was not reported
GOALS = (
    Goal("memory a connection, 1.6, at 16,000", "kb_each", 10, "kB"),
    Goal(
        "Heartbeat p99 in the worst second, while an inventory of 100,000 is compared", "worst_second_p99_ms", 20, "ms"
    ),
    Goal("CPU of all our processes, 1,000 connected chargers that say nothing", "resting_percent", 1, "% of a core"),
)


async def idle(*, quick: bool) -> Row:
    """The row."""
    wanted, inventory, resting, watch_s = (
        (500, 2_000, 200, 8.0) if quick else (MANY, INVENTORY, RESTING, COMPARED_EVERY_S + 4.0)
    )
    figures = Rounds()
    many, short = bearable(wanted)
    async with system(("gateway",), prepare=lambda url: fill.fill(url, inventory // 2)) as ours:
        await _many(figures, ours, many, watch_s)
    await _resting(figures, resting, min(watch_s, RESTING_S), 5 if quick else SETTLED_S)
    settings = {
        "connections": many,
        "beats_per_s": BEATS_PER_S,
        "inventory": inventory,
        "resting": resting,
        "seconds": watch_s,
        "broker": broker(),
    }
    return Row(settings, figures.spread, GOALS, short)


async def _many(figures: Rounds, ours: System, many: int, watch_s: float) -> None:
    database = await asyncpg.connect(ours.stack.database_url)
    known = [row[0] for row in await database.fetch("SELECT id FROM charge_points ORDER BY key LIMIT $1", many)]
    await database.close()
    pid = ours.pids["gateway"]
    async with crowd(ours.gateway_port, 0) as warm:
        await warm.connect(known[:200])
    await asyncio.sleep(1)
    before = resident_bytes(pid)
    chargers = Crowd(ours.gateway_port)
    try:
        meter = Meter(ours.pids)
        await chargers.connect(known)
        figures.add("connect_cpu_ms", meter.used_s()["gateway"] / many * 1e3)
        await asyncio.sleep(1)
        figures.add("kb_each", (resident_bytes(pid) - before) / many / 1000)
        meter = Meter(ours.pids)
        paced = await chargers.pace(BEATS_PER_S, watch_s, say=_beat)
        figures.add("gateway_percent", meter.used_s()["gateway"] / meter.seconds * 100)
        figures.add("generator_percent", meter.used_s()["generator"] / meter.seconds * 100)
        took_ms = [took * 1000 for _, took in paced.answers]
        figures.add("heartbeat_p50_ms", percentile(took_ms, 0.5))
        figures.add("heartbeat_p99_ms", percentile(took_ms, 0.99))
        figures.add("heartbeat_max_ms", max(took_ms))
        figures.add("worst_second_p99_ms", _worst_second(paced) * 1000)
        figures.add("generator_behind_max_ms", max(paced.behind_s) * 1000)
    finally:
        chargers.close()


async def _resting(figures: Rounds, resting: int, watch_s: float, settled_s: float) -> None:
    async with system() as ours:
        imported(ours.api_port, ours.token, in_stations(named(resting)))
        async with crowd(ours.gateway_port, resting) as chargers:
            await chargers.boot()
            await _analyzed(ours)
            await asyncio.sleep(settled_s)
            meter = Meter(ours.pids)
            await chargers.pace(resting / 300, watch_s, say=_beat)
            for name, used in meter.used_s().items():
                figures.add(f"resting.{name}_percent", used / meter.seconds * 100)
            all_s = sum(used for name, used in meter.used_s().items() if name not in APART)
            figures.add("resting_percent", all_s / meter.seconds * 100)


async def _analyzed(ours: System) -> None:
    """As autovacuum does within a minute of an import: a fleet in rest is not one that was just imported."""
    database = await asyncpg.connect(ours.stack.database_url)
    await database.execute("VACUUM ANALYZE")
    await database.close()


def _beat(charger: Charger, _: float) -> None:
    charger.say(HEARTBEAT)


def _worst_second(paced: Paced) -> float:
    """p99 (s) of the Heartbeats of each second; the highest."""
    seconds = defaultdict(list)
    for due, took in paced.answers:
        seconds[int(due)].append(took)
    return max(percentile(took, 0.99) for took in seconds.values())
