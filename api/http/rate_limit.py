"""How many requests a token, or an address, may make: a bucket each, in this process alone. Pure; time is an argument.

With several replicas behind a balancer it may do so much at each of them.
"""

import math

from .problems import TooMany

MOST = 10_000  #: buckets, of a hundred bytes or two


class RateLimit:
    """Lets ``per_minute`` requests of each through, up to so many at once; 0: any number.

    ``whose`` are the requests, in words. Of more than ``MOST`` the one that was silent longest is forgotten: it has
    its whole share again.
    """

    def __init__(self, per_minute: int, *, whose: str = "this token") -> None:
        self._per_minute = per_minute
        self._whose = whose
        self._buckets: dict[str, tuple[float, float]] = {}  # what is left, and when that was; the last one asked last

    def take(self, who: str, now: float) -> None:
        """One request at ``now`` (s).

        Raises:
            TooMany: it has used up its share; Retry-After says when the next one may come.
        """
        if not self._per_minute:
            return
        per_s = self._per_minute / 60
        bucket = self._buckets.pop(who, (float(self._per_minute), now))
        left, at = bucket
        left = min(float(self._per_minute), left + (now - at) * per_s)
        if len(self._buckets) >= MOST:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[who] = (left - 1, now) if left >= 1 else bucket
        if left < 1:
            wait_s = math.ceil((1 - left) / per_s)
            raise TooMany(
                f"{self._whose} may make {self._per_minute} requests a minute: "
                f"wait {wait_s} s, or ask for another limit",
                headers={"Retry-After": str(wait_s)},
            )
