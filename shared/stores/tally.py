"""The whole network in numbers, by two scans of Postgres: what ``/v1/stats`` serves and a rollup's gauges show.

Measured at 100,000 stations with two charge points each: 190 ms of one Postgres process.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, get_args

from shared.words.status import STATUSES, Connectivity, Health

from .postgres import Connection

#: What is counted (stations, charge_points, evses, connectors) → axis → value → how many; beside the axes ``total``.
Tally: TypeAlias = Mapping[str, Mapping[str, Any]]

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


async def taken(connection: Connection) -> Tally:
    """The numbers of now.

    Raises:
        one of ``postgres.AWAY``, or QueryCanceledError where the connection has a statement_timeout.
    """
    stations = await connection.fetch(_STATIONS)
    charge_points = await connection.fetch(_CHARGE_POINTS)
    return shaped(counted(stations, charge_points))


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


def shaped(every: Iterable[tuple[str, str, str, int]]) -> Tally:
    """``(what, axis, value, n)`` as the document, with a 0 for everything that was not counted. Pure."""
    found: Counter[tuple[str, str, str]] = Counter()
    for what, axis, value, n in every:
        found[what, axis, value] += n
    return {
        what: {"total": sum(n for (of, axis, _), n in found.items() if (of, axis) == (what, "status"))}
        | {axis: {value: found[what, axis, value] for value in _AXES[axis]} for axis in axes}
        for what, axes in _SHAPE.items()
    }
