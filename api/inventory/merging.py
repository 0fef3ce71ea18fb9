"""Rows merged into what is known of the inventory, one after the other. Pure.

A row is one charge point with the fields of its station, or a station alone: a line of a file, or a single write,
which is a file of one row. What became of what was known is there to be written, or in a dry run to be forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from api.http.problems import FieldError

#: Columns of a row that are fields of its station.
STATION = {"station_name": "name", **{name: name for name in ("address", "latitude", "longitude", "time_zone")}}

FIELDS = tuple(STATION.values())

Result = Literal["created", "updated", "unchanged", "error"]


class Row(NamedTuple):
    """What a row gives: absent stays as it is, None clears; or what is wrong with it."""

    number: int
    given: Mapping[str, Any]
    errors: Sequence[FieldError] = ()


class Merged(NamedTuple):
    """What came of one row."""

    row: Row
    result: Result
    errors: Sequence[FieldError]


@dataclass(slots=True)
class Station:
    """A station as it shall be; ``was`` is what it was, None for a new one."""

    id: str
    fields: dict[str, Any]
    key: int | None = None
    version: int = 0
    was: Mapping[str, Any] | None = None


@dataclass(slots=True)
class ChargePoint:
    """A charge point as it shall be; ``was`` is (station_id, registration, password_hash), None for a new one."""

    id: str
    station_id: str | None
    registration: str
    password_hash: str | None
    key: int | None = None
    version: int = 0
    station_key: int | None = None
    document: str = ""
    was: tuple[str | None, str, str | None] | None = None

    @property
    def shall(self) -> tuple[str | None, str, str | None]:
        """The counterpart of ``was``."""
        return (self.station_id, self.registration, self.password_hash)


@dataclass(slots=True)
class Known:
    """The stations and charge points that rows speak of, by folded id."""

    stations: dict[str, Station] = field(default_factory=dict)
    charge_points: dict[str, ChargePoint] = field(default_factory=dict)

    def add(self, other: "Known") -> None:
        """Knows, too, what the other knows; what became of what is known here stays."""
        self.stations = other.stations | self.stations
        self.charge_points = other.charge_points | self.charge_points

    @property
    def keys(self) -> tuple[list[int], list[int]]:
        """Those of the stations and of the charge points that are stored."""
        return (
            [one.key for one in self.stations.values() if one.key is not None],
            [one.key for one in self.charge_points.values() if one.key is not None],
        )


def merge(row: Row, into: Known, hashes: Mapping[int, str]) -> Merged:
    """Merges a row, all of it or nothing; ``hashes`` are those of the passwords, by row number."""
    errors = list(row.errors)
    station = charge_point = None
    if not errors:
        station = _station(row.given, into, errors)
        charge_point = _charge_point(row, station, into, hashes, errors)
    if errors:
        return Merged(row, "error", errors)
    results: set[Result] = set()
    if station is not None:
        known = into.stations.get(station.id.lower())
        results.add("created" if known is None else "unchanged" if known.fields == station.fields else "updated")
        into.stations[station.id.lower()] = station
    if charge_point is not None:
        before = into.charge_points.get(charge_point.id.lower())
        into.charge_points[charge_point.id.lower()] = charge_point
        if before is None:
            return Merged(row, "created", [])
        changed = before.shall != charge_point.shall or results - {"unchanged"}
        return Merged(row, "updated" if changed else "unchanged", [])
    return Merged(row, results.pop(), [])


def _station(given: Mapping[str, Any], into: Known, errors: list[FieldError]) -> Station | None:
    station_id = given.get("station_id")
    if station_id is None:
        errors += [
            FieldError(column, "belongs to a station: give station_id, too")
            for column in STATION
            if given.get(column) is not None
        ]
        return None
    known = into.stations.get(station_id.lower())
    fields = dict(known.fields) if known else dict.fromkeys(STATION.values())
    for column, name in STATION.items():
        if column in given and (name != "name" or given[column]):
            fields[name] = given[column]
    if not fields["name"]:
        errors.append(FieldError("station_name", "is required: there is no station with this id yet"))
    missing = [name for name in ("latitude", "longitude") if fields[name] is None]
    if len(missing) == 1:
        errors.append(FieldError(missing[0], "latitude and longitude come together: give both, or neither"))
    if known is None:
        return Station(station_id, fields)
    return replace(known, fields=fields)


def _charge_point(
    row: Row, station: Station | None, into: Known, hashes: Mapping[int, str], errors: list[FieldError]
) -> ChargePoint | None:
    given = row.given
    charge_point_id = given.get("charge_point_id")
    if charge_point_id is None:
        errors += [
            FieldError(column, "belongs to a charge point: give charge_point_id, too")
            for column in ("password", "registration")
            if given.get(column) is not None
        ]
        if given.get("station_id") is None:
            errors.append(FieldError("charge_point_id", "is required, or station_id, or both"))
        return None
    if given.get("password") is not None and row.number not in hashes:
        errors.append(FieldError("password", "hashing takes too long here just now: send this row again"))
    known = into.charge_points.get(charge_point_id.lower())
    one = known or ChargePoint(charge_point_id, None, "ACCEPTED", None)
    return replace(
        one,
        station_id=(station.id if station else None) if "station_id" in given else one.station_id,
        registration=given.get("registration") or one.registration,
        password_hash=hashes.get(row.number) if "password" in given else one.password_hash,
    )
