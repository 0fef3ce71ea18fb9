"""Counters of requests at a moment, their differences, and what can be read off them. Pure.

Locust counts response times in buckets and only ever upwards, over all workers. So what happened between two moments is
the difference of two copies, and percentiles of it are exact to the bucket.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Key = tuple[str, str]
"""Kind and name of an entry."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one entry, or of several together."""

    requests: int = 0
    failures: int = 0
    times_ms: Mapping[float, int] = field(default_factory=dict)

    def __sub__(self, earlier: "Figures") -> "Figures":
        times = {ms: n - earlier.times_ms.get(ms, 0) for ms, n in self.times_ms.items()}
        return Figures(
            self.requests - earlier.requests,
            self.failures - earlier.failures,
            {ms: n for ms, n in times.items() if n > 0},
        )

    @property
    def successes(self) -> int:
        return self.requests - self.failures

    def percentile(self, share: float) -> float | None:
        """The time (ms) within which this share of the requests was over; None without any."""
        left = share * sum(self.times_ms.values())
        for ms in sorted(self.times_ms):
            left -= self.times_ms[ms]
            if left <= 0:
                return ms
        return None


Moment = Mapping[Key, Figures]

NONE = Figures()


def between(earlier: Moment, later: Moment) -> Moment:
    """What happened from one moment to another."""
    return {key: figures - earlier.get(key, NONE) for key, figures in later.items()}


def together(many: Iterable[Figures]) -> Figures:
    """Several as one."""
    requests, failures, times = 0, 0, Counter[float]()
    for one in many:
        requests += one.requests
        failures += one.failures
        times.update(one.times_ms)
    return Figures(requests, failures, times)


def joined(moments: Sequence[Moment]) -> Moment:
    """What happened in several stretches of time, as in one."""
    keys = {key for moment in moments for key in moment}
    return {key: together(moment[key] for moment in moments if key in moment) for key in keys}


def bucket(ms: float) -> float:
    """A response time to two significant digits, as Locust has it, but to a tenth of a millisecond below ten."""
    if ms < 10:
        return round(ms, 1)
    if ms < 100:
        return round(ms)
    digits = len(str(int(ms))) - 2
    return float(round(ms, -digits))
