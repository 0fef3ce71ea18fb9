"""How long a charger that was cut off waits before it dials again. Pure."""

from random import Random

FIRST_S, LONGEST_S = 0.5, 30.0


def backoff_s(failures: int, rng: Random) -> float:
    """How long to wait after so many failures in a row: doubling, capped, jittered."""
    return float(min(LONGEST_S, FIRST_S * 2 ** min(failures, 16)) * rng.uniform(0.5, 1))
