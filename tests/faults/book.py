"""The book of one charger: every status it sent, and which of them the gateway acknowledged. Pure.

A status is known by its tag: the time that the charger stamped on it (ms), never the same twice. No
status repeats one that may be the last known of its place, so each of them is a line of history.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

Place = tuple[int, int]  #: (evse_id, connector_id) as history has them


@dataclass(slots=True)
class Sent:
    """One StatusNotification. Times are Unix seconds."""

    tag: int
    status: str
    at: float
    amid_fault: bool
    repeats: bool  #: it may be what is known already, and then leaves no line of history
    acked_at: float | None = None


@dataclass(slots=True)
class Away:
    """The charger had no socket for that long, Unix seconds."""

    since: float
    until: float


@dataclass(slots=True)
class Book:
    """What one charger may claim at the end."""

    charge_point_id: str
    statuses: Sequence[str]
    sent: dict[Place, list[Sent]] = field(default_factory=dict)
    away: list[Away] = field(default_factory=list)
    _last_tag: int = 0

    def next_status(self, place: Place, rng: Random) -> str | None:
        """A status that surely changes what is known of the place; None when any may be known already."""
        fresh = [status for status in self.statuses if status not in self.possible(place)]
        return rng.choice(fresh) if fresh else None

    def possible(self, place: Place) -> set[str]:
        """What may be known of the place: the last acknowledged status and all that was sent after it."""
        possible = set()
        for one in reversed(self.sent.get(place, [])):
            possible.add(one.status)
            if one.acked_at is not None:
                break
        return possible

    def send(self, place: Place, status: str, at: float, *, amid_fault: bool) -> Sent:
        """Writes down that it is sent now."""
        self._last_tag = max(self._last_tag + 1, int(at * 1000))
        one = Sent(self._last_tag, status, at, amid_fault, repeats=status in self.possible(place))
        self.sent.setdefault(place, []).append(one)
        return one

    def went_away(self, since: float, until: float) -> None:
        """There was no socket between these times."""
        self.away.append(Away(since, until))

    def acked(self) -> Iterator[Sent]:
        """All that was acknowledged."""
        return (one for of_place in self.sent.values() for one in of_place if one.acked_at is not None)

    def last_acked(self, place: Place, before: float) -> Sent | None:
        """The newest status of the place that was acknowledged before that time (Unix seconds)."""
        acked = (one for one in reversed(self.sent.get(place, [])) if one.acked_at is not None)
        return next((one for one in acked if one.acked_at is not None and one.acked_at < before), None)
