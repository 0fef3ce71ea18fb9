"""A fleet that trickles: CPU a status at a steady rate beside the naive system, and how soon the API shows it.

A thousand chargers of one plug in stations of four; statuses at random times at 50/s and 500/s against both in turn,
then at 2,000/s and from a hub against ours alone. One client watches a tenth of the chargers on the API's stream, and
its cost is in the API's.
"""

from collections.abc import Sequence
from random import Random

from loadtest.benchmarks.clients.crowd import bearable, named
from loadtest.benchmarks.clients.witness import Witness, watching
from loadtest.benchmarks.row import Goal, Rounds, Row, percentile
from loadtest.benchmarks.rows.rivals import Ours, Side, rivals, us_each
from loadtest.servers.inventory import in_stations
from loadtest.servers.system import broker

TITLE = "A steady trickle"
BASELINE = """`ocpp_insert`: the `ocpp` package, one asyncpg INSERT a status, and its Postgres. It does a tenth of the \
work: no log, no order, no state, no inventory, no API. It keeps the default pings of `websockets` (every 20 s), ours \
are every 45 s."""
HUB = 100
RATES = (50, 500)
GOALS = (
    Goal("CPU a status at 50/s", "50/s.ratio", 1.5),
    Goal("CPU a status at 500/s", "500/s.ratio", 0.7),
    Goal("CPU a status of a hub of 100, beside stations of four, at 50/s", "hub.ratio", 2.0),
    Goal("send → visible at 500/s, p50", "500/s.visible_p50_ms", 15, "ms"),
    Goal("send → visible at 500/s, p99", "500/s.visible_p99_ms", 60, "ms"),
    Goal("send → visible at 2,000/s, p50", "2000/s.visible_p50_ms", 15, "ms"),
    Goal("send → visible at 2,000/s, p99", "2000/s.visible_p99_ms", 60, "ms"),
)


async def steady(*, quick: bool, rates: Sequence[int] = RATES, alone: bool = True) -> Row:
    """The row; without what is measured of ours ``alone`` if so asked."""
    wanted, seconds, rounds = (200, 3.0, 1) if quick else (1_000, 8.0, 3)
    n, short = bearable(wanted, crowds=2, beside=HUB)
    figures, chargers, hub = Rounds(), named(n), named(HUB, "HUB")
    inventory = [*in_stations(chargers), *in_stations(hub, HUB, "H")]
    watched = Random(n).sample(chargers, n // 10)
    async with rivals(inventory, chargers) as (ours, bare):
        for _ in range(rounds):
            async with watching(ours.system, watched) as witness:
                for rate in rates:
                    mine = await _ours(figures, ours, witness, rate, seconds)
                    other = await _bare(figures, bare, rate, seconds)
                    figures.add(f"{rate}/s.ratio", mine / other)
                if alone:
                    await _ours(figures, ours, witness, 2_000, seconds)
        if alone:
            await ours.crowd.connect(hub)
            await ours.crowd.boot()
            for _ in range(rounds):
                await _hub(figures, ours, seconds / 2)
    settings = {"chargers": n, "seconds_a_rate": seconds, "rounds": rounds, "broker": broker(), "watched": len(watched)}
    return Row(settings, figures.spread, GOALS, short)


async def _ours(figures: Rounds, ours: Ours, witness: Witness, rate: int, seconds: float) -> float:
    """CPU (µs) a status."""
    meter, seen = ours.meter(), len(witness.took_s)
    paced = await ours.crowd.pace(rate, seconds, say=witness.say)
    unseen = await witness.all_seen()
    await ours.at_rest()
    each = us_each(meter, paced.sent)
    took_ms = [took * 1000 for took in witness.took_s[seen:]]
    figures.add_all(
        {
            **{f"ours.{name}_us": cost for name, cost in each.items()},
            "generator_cores": meter.used_s()["generator"] / meter.seconds,
            "generator_behind_p99_ms": percentile(paced.behind_s, 0.99) * 1000,
            "answered_p99_ms": percentile([took for _, took in paced.answers], 0.99) * 1000,
            "visible_p50_ms": percentile(took_ms, 0.5),
            "visible_p99_ms": percentile(took_ms, 0.99),
            "never_visible": unseen,
        },
        f"{rate}/s.",
    )
    return each["all"]


async def _bare(figures: Rounds, bare: Side, rate: int, seconds: float) -> float:
    meter = bare.meter()
    paced = await bare.crowd.pace(rate, seconds)
    each = us_each(meter, paced.sent)
    figures.add_all({f"bare.{name}_us": cost for name, cost in each.items()}, f"{rate}/s.")
    return each["all"]


async def _hub(figures: Rounds, ours: Ours, seconds: float) -> None:
    """The last ``HUB`` of the crowd are the hub's; as many others are those of stations of four."""
    rate, cost = RATES[0], {}
    for name, some in (("stations", ours.crowd.chargers[:HUB]), ("hub", ours.crowd.chargers[-HUB:])):
        meter = ours.meter()
        paced = await ours.crowd.pace(rate, seconds, some)
        await ours.at_rest()
        each = us_each(meter, paced.sent)
        figures.add_all({f"{part}_us": one for part, one in each.items()}, f"hub.{name}.")
        cost[name] = each["all"]
    figures.add("hub.ratio", cost["hub"] / cost["stations"])
