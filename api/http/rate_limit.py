"""How many requests a token may make: a token bucket each, in this process alone. Pure; time is an argument.

With several replicas behind a balancer a token may do so much at each of them.
"""

import math

from .problems import TooMany


class RateLimit:
    """Lets ``per_minute`` requests through, up to so many at once; 0: any number."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, tuple[float, float]] = {}  # what is left, and when that was; one a known token

    def take(self, token: str, now: float) -> None:
        """One request of the token at ``now`` (s).

        Raises:
            TooMany: it has used up its share; Retry-After says when the next one may come.
        """
        if not self._per_minute:
            return
        per_s = self._per_minute / 60
        left, at = self._buckets.get(token, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - at) * per_s)
        if left < 1:
            wait_s = math.ceil((1 - left) / per_s)
            raise TooMany(
                f"this token may make {self._per_minute} requests a minute: wait {wait_s} s, or ask for another limit",
                headers={"Retry-After": str(wait_s)},
            )
        self._buckets[token] = (left - 1, now)
