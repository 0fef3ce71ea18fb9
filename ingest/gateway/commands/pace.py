"""How fast a gateway asks its chargers for statuses: after a storm they are spread over minutes. Pure."""


class Pace:
    """``a_second`` in the long run, that many at once; ``now`` is monotonic (s)."""

    def __init__(self, a_second: float, now: float) -> None:
        self._a_second = a_second
        self._left = a_second
        self._at = now

    def is_spent(self, now: float) -> bool:
        """Whether nothing may be asked for now."""
        self._left = min(self._left + (now - self._at) * self._a_second, self._a_second)
        self._at = now
        return self._left < 1

    def take(self, now: float) -> bool:
        """Whether one may be asked for now; it counts as asked."""
        if self.is_spent(now):
            return False
        self._left -= 1
        return True
