"""Whether a charger still lives: by what is heard of it, and by pings. Pure: time is an argument (monotonic, s).

A charger that has never answered a ping is not judged by them: some answer none (OCPP-J 1.6 §5.3 leaves it open).
"""

from random import random

MISSED_PONGS = 3


class Liveness:
    """Of one open socket; ``heard_at`` is when anything came last."""

    __slots__ = ("_next_ping", "_ping_interval_s", "_silence_s", "_unanswered", "answers_pings", "heard_at")

    def __init__(self, silence_s: float, ping_interval_s: float, now: float) -> None:
        self._silence_s = silence_s
        self._ping_interval_s = ping_interval_s
        self._unanswered = 0
        self.answers_pings = False
        self.heard_at = now
        self._put_off(now)

    def heard(self, now: float) -> None:
        """Something came, or we did not listen until now: its pongs may be behind what it sent."""
        self.heard_at = now
        self._unanswered = 0

    def is_silent(self, now: float) -> bool:
        """Whether it has not been heard for too long."""
        return now - self.heard_at >= self._silence_s or (
            self.answers_pings and self._unanswered >= MISSED_PONGS and now >= self._next_ping
        )

    @property
    def due_at(self) -> float:
        """When it wants a ping, or is silent if nothing is heard."""
        return min(self._next_ping, self.heard_at + self._silence_s)

    def wants_ping(self, now: float) -> bool:
        """Whether one is to be sent now; it is counted as sent."""
        if now < self._next_ping:
            return False
        self._put_off(now)
        self._unanswered += 1
        return True

    def _put_off(self, now: float) -> None:
        self._next_ping = now + self._ping_interval_s * (0.67 + 0.66 * random())  # noqa: S311
