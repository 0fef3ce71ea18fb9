"""Which statuses chargers sent that the API has not shown yet, and how long the others took. Pure: time is an argument.

A status is known by its connector and the charger's own time stamp, which the document gives back as `reported_at`.
One that was overtaken by a newer status of its connector before anybody looked has been applied: it counts as seen.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Place = tuple[str, int, int]
"""Charge point id, EVSE id, connector id."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A status that was sent: when it was reported (Unix seconds), and when the clock began for it (s)."""

    reported_at: float
    began: float


class Sightings:
    """What is waited for."""

    def __init__(self) -> None:
        self._expected: dict[str, dict[tuple[int, int], deque[Expected]]] = {}  # by charge point, then connector

    def expect(self, place: Place, expected: Expected) -> None:
        """A status is about to be sent."""
        self._expected.setdefault(place[0], {}).setdefault(place[1:], deque()).append(expected)

    def forget(self, place: Place, expected: Expected) -> None:
        """It was not acknowledged, so nothing was promised. It may have been seen all the same."""
        waiting = self._expected.get(place[0], {}).get(place[1:], deque())
        if expected in waiting:
            waiting.remove(expected)
        self._tidy(place[0])

    def see(self, document: Mapping[str, Any], now: float) -> Iterator[float]:
        """The seconds that each status took which the charge point document shows at `now`."""
        expected = self._expected.get(document["id"])
        if not expected:
            return
        for evse in document["evses"]:
            for connector in evse["connectors"]:
                waiting = expected.get((evse["id"], connector["id"]))
                if not waiting or not connector["reported_at"]:
                    continue
                shown = datetime.fromisoformat(connector["reported_at"]).timestamp()
                while waiting and waiting[0].reported_at <= shown:
                    yield now - waiting.popleft().began
        self._tidy(document["id"])

    def overdue(self, now: float, within_s: float) -> Iterator[float]:
        """The seconds of each that has been waited for longer than `within_s`; it is given up."""
        for charge_point_id, expected in list(self._expected.items()):
            for waiting in expected.values():
                while waiting and now - waiting[0].began > within_s:
                    yield now - waiting.popleft().began
            self._tidy(charge_point_id)

    def of(self, charge_point_id: str) -> bool:
        """Whether something of this charge point is waited for."""
        return charge_point_id in self._expected

    @property
    def charge_points(self) -> set[str]:
        """Those of which something is waited for."""
        return set(self._expected)

    def _tidy(self, charge_point_id: str) -> None:
        if not any(self._expected.get(charge_point_id, {}).values()):
            self._expected.pop(charge_point_id, None)
