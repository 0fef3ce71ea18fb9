"""The whole network in numbers: aggregated in Postgres, by one query at a time, at most once a second."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, get_args

import msgspec

from api.database import Database
from api.errors import Unavailable
from shared.status import STATUSES, Connectivity, Health

CACHED_S = 1
WAIT_S = 10

# Few charge points differ in all of this, so one scan leaves little to add up.
_STATIONS = "SELECT status, health, count(*) AS n FROM stations WHERE deleted_at IS NULL GROUP BY status, health"
_CHARGE_POINTS = """
    SELECT status, health, connectivity, evse_counts, connector_counts, count(*) AS n
    FROM charge_points WHERE deleted_at IS NULL
    GROUP BY status, health, connectivity, evse_counts, connector_counts
"""
_AXES = {"status": STATUSES, "health": get_args(Health), "connectivity": get_args(Connectivity)}
_SHAPE = {
    "stations": ("status", "health"),
    "charge_points": ("status", "health", "connectivity"),
    "evses": ("status",),
    "connectors": ("status",),
}


class Stats:
    """The numbers of now, or of up to a second ago; ``clock`` is monotonic (s)."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._stale_at = -1.0
        self._document = b""

    async def document(self) -> bytes:
        """The document that ``GET /v1/stats`` serves.

        Raises:
            Unavailable: Postgres is away, or too many wait for it.
        """
        try:
            async with asyncio.timeout(WAIT_S), self._one_at_a_time:
                if self._clock() >= self._stale_at:
                    async with self._database.connection() as connection:
                        stations = await connection.fetch(_STATIONS)
                        charge_points = await connection.fetch(_CHARGE_POINTS)
                    self._document = msgspec.json.encode(shaped(counted(stations, charge_points)))
                    self._stale_at = self._clock() + CACHED_S
                return self._document
        except TimeoutError as error:
            raise Unavailable("counting takes too long just now: try again", headers={"Retry-After": "5"}) from error


def counted(stations: Iterable[Any], charge_points: Iterable[Any]) -> Iterator[tuple[str, str, str, int]]:
    """``(what, axis, value, n)`` of these rows; a value comes more than once. Pure."""
    for row in stations:
        for axis in _SHAPE["stations"]:
            yield "stations", axis, row[axis], row["n"]
    for row in charge_points:
        for axis in _SHAPE["charge_points"]:
            yield "charge_points", axis, row[axis], row["n"]
        for what, column in (("evses", "evse_counts"), ("connectors", "connector_counts")):
            for status, each in row[column].items():
                yield what, "status", status, each * row["n"]


def shaped(every: Iterable[tuple[str, str, str, int]]) -> dict[str, Any]:
    """``(what, axis, value, n)`` as the document, with a 0 for everything that was not counted. Pure."""
    found: Counter[tuple[str, str, str]] = Counter()
    for what, axis, value, n in every:
        found[what, axis, value] += n
    return {
        what: {"total": sum(n for (of, axis, _), n in found.items() if (of, axis) == (what, "status"))}
        | {axis: {value: found[what, axis, value] for value in _AXES[axis]} for axis in axes}
        for what, axes in _SHAPE.items()
    }
