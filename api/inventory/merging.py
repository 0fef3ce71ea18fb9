"""Rows of an import merged into the inventory, one after the other. Pure.

The inventory is given; what became of it is there to be written, or in a dry run to be forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from api.bulk.rows import STATION, Read
from api.http.problems import FieldError

Result = Literal["created", "updated", "unchanged", "error"]


@dataclass(slots=True)
class Station:
    """A station as it shall be; ``was`` is what it was, None for a new one."""

    id: str
    fields: dict[str, Any]
    key: int | None = None
    was: Mapping[str, Any] | None = None


@dataclass(slots=True)
class ChargePoint:
    """A charge point as it shall be; ``was`` is (station_id, registration, password_hash), None for a new one."""

    id: str
    station_id: str | None
    registration: str
    password_hash: str | None
    key: int | None = None
    station_key: int | None = None
    document: str = ""
    was: tuple[str | None, str, str | None] | None = None

    @property
    def shall(self) -> tuple[str | None, str, str | None]:
        """The counterpart of ``was``."""
        return (self.station_id, self.registration, self.password_hash)


@dataclass(slots=True)
class Inventory:
    """The stations by id, and the charge points by folded id, that rows speak of."""

    stations: dict[str, Station] = field(default_factory=dict)
    charge_points: dict[str, ChargePoint] = field(default_factory=dict)


def merge(row: Read, inventory: Inventory, hashes: Mapping[int, str]) -> tuple[Result, list[FieldError]]:
    """Merges a row, all of it or nothing; ``hashes`` are those of the passwords, by row number."""
    errors = list(row.errors)
    station = charge_point = None
    if not errors:
        station = _station(row.given, inventory, errors)
        charge_point = _charge_point(row, inventory, hashes, errors)
    if errors:
        return "error", errors
    results: set[Result] = set()
    if station is not None:
        known = inventory.stations.get(station.id)
        results.add("created" if known is None else "unchanged" if known.fields == station.fields else "updated")
        inventory.stations[station.id] = station
    if charge_point is not None:
        before = inventory.charge_points.get(charge_point.id.lower())
        inventory.charge_points[charge_point.id.lower()] = charge_point
        if before is None:
            return "created", []
        return ("updated" if before.shall != charge_point.shall or results - {"unchanged"} else "unchanged"), []
    return results.pop(), []


def _station(given: Mapping[str, Any], inventory: Inventory, errors: list[FieldError]) -> Station | None:
    station_id = given.get("station_id")
    if station_id is None:
        errors += [
            FieldError(column, "belongs to a station: give station_id, too")
            for column in STATION
            if given.get(column) is not None
        ]
        return None
    known = inventory.stations.get(station_id)
    fields = dict(known.fields) if known else dict.fromkeys(STATION.values())
    for column, name in STATION.items():
        if column in given and (name != "name" or given[column]):
            fields[name] = given[column]
    if not fields["name"]:
        errors.append(FieldError("station_name", "is required: there is no station with this id yet"))
    missing = [name for name in ("latitude", "longitude") if fields[name] is None]
    if len(missing) == 1:
        errors.append(FieldError(missing[0], "latitude and longitude come together: give both, or neither"))
    return Station(station_id, fields, known.key if known else None, known.was if known else None)


def _charge_point(
    row: Read, inventory: Inventory, hashes: Mapping[int, str], errors: list[FieldError]
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
    known = inventory.charge_points.get(charge_point_id.lower())
    one = known or ChargePoint(charge_point_id, None, "ACCEPTED", None)
    return ChargePoint(
        id=one.id,
        station_id=given.get("station_id", one.station_id),
        registration=given.get("registration") or one.registration,
        password_hash=hashes.get(row.number) if "password" in given else one.password_hash,
        key=one.key,
        station_key=one.station_key,
        document=one.document,
        was=one.was,
    )
