"""As fast as it goes: CPU a status with one CALL outstanding at 50, 200 and 1,000 chargers, beside the naive system.

A round of ours ends when the rollup has applied what was answered, so that all of the work is in the figure.
"""

from loadtest.benchmarks.clients.crowd import bearable, named
from loadtest.benchmarks.row import Goal, Rounds, Row
from loadtest.benchmarks.rows.rivals import Ours, rivals, us_each
from loadtest.benchmarks.rows.steady import BASELINE as BASELINE
from loadtest.servers.inventory import in_stations
from loadtest.servers.system import broker

TITLE = "Saturation"
SIZES = (50, 200, 1_000)
GOALS = tuple(
    Goal(f"CPU a status, {n:,} chargers with one CALL outstanding, the broker apart", f"{n}.ours.all_us", 100, "µs")
    for n in SIZES
)


async def saturation(*, quick: bool, sizes: tuple[int, ...] = SIZES) -> Row:
    """The row."""
    frames, rounds = (2_000, 1) if quick else (10_000, 3)
    most, short = bearable(max(sizes), crowds=2)
    figures, chargers = Rounds(), named(most)
    async with rivals(in_stations(chargers), chargers) as (ours, bare):
        for number in range(rounds + 1):
            for n in sizes:
                found: dict[str, float] = {}
                for name, side in (("ours", ours), ("bare", bare)):
                    meter = side.meter()
                    took_s = await side.crowd.run(frames, among=side.crowd.chargers[:n])
                    if isinstance(side, Ours):
                        await side.at_rest()
                    found |= {f"{name}.{part}_us": cost for part, cost in us_each(meter, frames).items()}
                    found[f"{name}.answered_per_s"] = frames / took_s
                if number:  # the first round warms up
                    found["ratio"] = found["ours.all_us"] / found["bare.all_us"]
                    figures.add_all(found, f"{n}.")
    return Row({"frames_a_round": frames, "rounds": rounds, "broker": broker()}, figures.spread, GOALS, short)
