"""What rows speak of, read from Postgres and written back, set-based.

Locks as every writer takes them: stations, then charge points, ascending; what is new is inserted
after that, by id, so that two files cannot wait for each other.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from shared.stores import fleet
from shared.stores.memberships import Membership
from shared.stores.postgres import Connection
from shared.words import documents
from shared.words.documents import ChargePointDocument

from .merging import FIELDS, ChargePoint, Known, Row, Station
from .writing import Write

_STATION_KEYS = """
    SELECT key FROM stations WHERE folded_id = ANY($1::text[]) AND deleted_at IS NULL
    UNION SELECT station_key FROM charge_points
    WHERE folded_id = ANY($2::text[]) AND deleted_at IS NULL AND station_key IS NOT NULL
"""
_STATIONS = """
    SELECT key, id, version, name, address, latitude, longitude, time_zone FROM stations
    WHERE folded_id = ANY($1::text[]) AND deleted_at IS NULL
"""
_CHARGE_POINTS = """
    SELECT c.key, c.id, c.version, c.station_key, s.id AS station_id, c.registration, c.password_hash, c.document
    FROM charge_points c LEFT JOIN stations s ON s.key = c.station_key
    WHERE c.folded_id = ANY($1::text[]) AND c.deleted_at IS NULL
"""
_LOCK_CHARGE_POINTS = """
    SELECT FROM charge_points WHERE folded_id = ANY($1::text[]) AND deleted_at IS NULL
    ORDER BY key FOR NO KEY UPDATE
"""
_INSERT_STATIONS = """
    INSERT INTO stations (id, name, address, latitude, longitude, time_zone)
    SELECT n.* FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::text[]) AS n
    ON CONFLICT (folded_id) WHERE deleted_at IS NULL DO NOTHING RETURNING id, key
"""
_EDIT_STATIONS = """
    UPDATE stations s SET name = n.name, address = n.address, latitude = n.latitude, longitude = n.longitude,
           time_zone = n.time_zone, version = nextval('revisions')
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::text[])
         AS n(key, name, address, latitude, longitude, time_zone)
    WHERE s.key = n.key
"""
_INSERT_CHARGE_POINTS = """
    INSERT INTO charge_points (id, station_key, registration, password_hash, revision, document)
    SELECT n.* FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[]) AS n
    ON CONFLICT (folded_id) WHERE deleted_at IS NULL DO NOTHING RETURNING key
"""
_EDIT_CHARGE_POINTS = """
    UPDATE charge_points c SET station_key = n.station_key, registration = n.registration,
           password_hash = n.password_hash, revision = n.revision, document = n.document, updated_at = now(),
           version = nextval('revisions')
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[])
         AS n(key, station_key, registration, password_hash, revision, document)
    WHERE c.key = n.key
"""
_NO_LONGER_UNKNOWN = "DELETE FROM unknown_charge_points WHERE folded_id = ANY($1::text[])"


async def load(connection: Connection, part: Sequence[Row]) -> Known:
    """What the rows speak of, as it is now."""
    station_ids, folded_ids = _ids(part)
    stations = await connection.fetch(_STATIONS, station_ids) if station_ids else []
    return _known(stations, await connection.fetch(_CHARGE_POINTS, folded_ids) if folded_ids else [])


async def load_locked(connection: Connection, part: Sequence[Row]) -> Known:
    """What the rows speak of, locked.

    Raises:
        fleet.Moved: somebody else was there between the look and the locks.
    """
    station_ids, folded_ids = _ids(part)
    keys = {row["key"] for row in await connection.fetch(_STATION_KEYS, station_ids, folded_ids)}
    await fleet.lock_stations(connection, keys)
    if folded_ids:
        await connection.execute(_LOCK_CHARGE_POINTS, folded_ids)
    known = await load(connection, part)
    locked = {station.key for station in known.stations.values()}
    locked |= {one.station_key for one in known.charge_points.values()} - {None}
    if not locked <= keys:
        raise fleet.Moved
    return known


async def store(write: Write, known: Known, created: str = "created") -> None:
    """Writes what differs from what was; ``created`` is what the audit says of a new charge point.

    Raises:
        fleet.Moved: a new id was taken meanwhile.
    """
    await _store_stations(write, known.stations.values())
    await _store_charge_points(write, known, created)


async def _store_stations(write: Write, stations: Iterable[Station]) -> None:
    changed = sorted((one for one in stations if one.fields != one.was), key=lambda one: one.id.lower())
    new = [one for one in changed if one.was is None]
    old = [one for one in changed if one.was is not None]
    if new:
        columns = zip(*[(one.id, *(one.fields[name] for name in FIELDS)) for one in new], strict=True)
        keys = {row["id"]: row["key"] for row in await write.connection.fetch(_INSERT_STATIONS, *columns)}
        if len(keys) < len(new):
            raise fleet.Moved
        for one in new:
            one.key = keys[one.id]
            write.record("station.created", station_id=one.id, after=one.fields)
    if old:
        columns = zip(*[(one.key, *(one.fields[name] for name in FIELDS)) for one in old], strict=True)
        await write.connection.execute(_EDIT_STATIONS, *columns)
    for one in old:
        was = one.was or {}
        names = [name for name in FIELDS if was[name] != one.fields[name]]
        write.record(
            "station.changed",
            station_id=one.id,
            before={name: was[name] for name in names},
            after={name: one.fields[name] for name in names},
        )
    write.stations.update(one.key for one in changed if one.key is not None)


async def _store_charge_points(write: Write, known: Known, created: str) -> None:
    changed = [one for _, one in sorted(known.charge_points.items()) if one.shall != one.was]
    revisions = await fleet.take_revisions(write.connection, len(changed))
    new: list[tuple[Any, ...]] = []
    old: list[tuple[Any, ...]] = []
    for one, revision in zip(changed, revisions, strict=True):
        station_key = _station_key(one, known)
        document = documents.charge_point(one.document) if one.was else ChargePointDocument(one.id, None)
        fresh = document.with_(
            station_id=one.station_id,
            registration=one.registration,
            has_password=one.password_hash is not None,
            revision=revision,
        )
        stored = (station_key, one.registration, one.password_hash, revision, documents.encode(fresh).decode())
        (old if one.was else new).append((one.key if one.was else one.id, *stored))
        if one.was is None or station_key != one.station_key:
            write.regroup(station_key, one.station_key)
            write.memberships += _memberships(one, revision)
        elif station_key is not None:
            write.stations.add(station_key)
        _record(write, one, created)
    if new:
        found = await write.connection.fetch(_INSERT_CHARGE_POINTS, *zip(*new, strict=True))
        if len(found) < len(new):
            raise fleet.Moved
        write.charge_points.update(row["key"] for row in found)
        await write.connection.execute(_NO_LONGER_UNKNOWN, [row[0].lower() for row in new])
    if old:
        await write.connection.execute(_EDIT_CHARGE_POINTS, *zip(*old, strict=True))
        write.charge_points.update(row[0] for row in old)


def _record(write: Write, one: ChargePoint, created: str) -> None:
    station_id, registration, password_hash = one.was or (None, None, None)
    after: dict[str, Any] = {}
    before: dict[str, Any] = {}
    if password_hash != one.password_hash:
        after["password"] = "set" if one.password_hash else "removed"
    if registration != one.registration:
        before["registration"], after["registration"] = registration, one.registration
    if one.was is not None and station_id != one.station_id:
        before["station_id"], after["station_id"] = station_id, one.station_id
    write.record(
        "charge_point.changed" if one.was else f"charge_point.{created}",
        station_id=one.station_id,
        charge_point_id=one.id,
        before=before if one.was else None,
        after=after,
    )


def _memberships(one: ChargePoint, revision: int) -> list[Membership]:
    """Of a charge point that moves: a new one has left no station that it could come back to."""
    both = [] if one.was is None else [(one.was[0], False), (one.station_id, True)]
    return [Membership(station, one.id, revision, is_member) for station, is_member in both if station is not None]


def _station_key(one: ChargePoint, known: Known) -> int | None:
    if one.station_id is None:
        return None
    station = known.stations.get(one.station_id.lower())
    return station.key if station is not None else one.station_key  # it stays where it is


def _ids(part: Sequence[Row]) -> tuple[list[str], list[str]]:
    return _folded(part, "station_id"), _folded(part, "charge_point_id")


def _folded(part: Sequence[Row], name: str) -> list[str]:
    found: Collection[str] = {row.given[name].lower() for row in part if row.given.get(name) and not row.errors}
    return sorted(found)


def _known(stations: Sequence[Any], charge_points: Sequence[Any]) -> Known:
    made = Known()
    for row in stations:
        fields = {name: row[name] for name in FIELDS}
        made.stations[row["id"].lower()] = Station(row["id"], fields, row["key"], row["version"], dict(fields))
    for row in charge_points:
        made.charge_points[row["id"].lower()] = ChargePoint(
            id=row["id"],
            station_id=row["station_id"],
            registration=row["registration"],
            password_hash=row["password_hash"],
            key=row["key"],
            version=row["version"],
            station_key=row["station_key"],
            document=row["document"],
            was=(row["station_id"], row["registration"], row["password_hash"]),
        )
    return made
