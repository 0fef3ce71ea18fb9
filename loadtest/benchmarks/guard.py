"""Whether a change has made us dearer: ratios of CPU in a minute, in small, against bounds that noise does not reach.

Times are not looked at: CI machines are busy. librdkafka's broker, since a JVM that warms up is what it would measure.
A ratio that is out of its bound is measured once more. The bounds are about twice what this shows on a busy machine.
"""

import os
import sys

from loadtest.benchmarks.row import Row
from loadtest.benchmarks.rows.answered import answered
from loadtest.benchmarks.rows.catch_up import catch_up
from loadtest.benchmarks.rows.read import read
from loadtest.benchmarks.rows.saturation import saturation
from loadtest.benchmarks.rows.steady import steady

#: figure, and what it must be: at most (+) or at least (-)
BOUNDS = {
    "answered": ("500.ratio", +1.2),
    "steady": ("500/s.ratio", +1.8),
    "saturation": ("200.ratio", +0.4),
    "catch-up": ("cpu_ratio", -0.15),
    "read": ("cpu_ratio", -1.3),
}


async def holds() -> bool:
    """Prints each ratio."""
    os.environ["BROKER"] = "mock"
    found = [await _holds(name) or await _holds(name) for name in BOUNDS]
    return all(found)


async def _holds(name: str) -> bool:
    figure, bound = BOUNDS[name]
    value = (await _measured(name)).figures[figure][1]
    is_within = value <= bound if bound > 0 else value >= -bound
    sign, verdict = ("≤" if bound > 0 else "≥"), ("" if is_within else "  OUT OF BOUNDS")
    print(f"{name:<12} {figure:<12} {value:.3g} ({sign} {abs(bound):g}){verdict}", file=sys.stderr, flush=True)
    return is_within


async def _measured(name: str) -> Row:
    match name:
        case "answered":
            return await answered(quick=True, sizes=(500,))
        case "steady":
            return await steady(quick=True, rates=(500,), alone=False)
        case "saturation":
            return await saturation(quick=True, sizes=(200,))
        case "catch-up":
            return await catch_up(quick=True)
        case _:
            return await read(quick=True)
