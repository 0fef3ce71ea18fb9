"""Writes to the inventory, on the road of ``shared.stores.fleet``.

Lock, change, take a revision, make the documents, note them, commit; then Redis. What Redis does
not take is in the note, and a rollup publishes it later. What changes nothing writes nothing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from api.http import etags, ids
from api.http.access import Author
from api.http.problems import Conflict, FieldError, Invalid
from shared.credentials import passwords
from shared.stores import fleet, served
from shared.stores.hot import Change
from shared.words import documents
from shared.words.documents import ChargePointDocument

from .inputs import ChargePointPatch, NewChargePoint
from .writing import Write, Writing

_FIELDS = ("name", "address", "latitude", "longitude", "time_zone")

_NEW_STATION = """
    INSERT INTO stations (id, name, address, latitude, longitude, time_zone) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) WHERE deleted_at IS NULL DO NOTHING RETURNING key
"""
_EDIT_STATION = """
    UPDATE stations SET name = $2, address = $3, latitude = $4, longitude = $5, time_zone = $6,
           version = nextval('revisions')
    WHERE key = $1
"""
_DELETE_STATION = "UPDATE stations SET deleted_at = now(), version = nextval('revisions') WHERE key = $1"
_CHARGE_POINTS_OF = """
    SELECT key, id, registration FROM charge_points
    WHERE station_key = $1 AND deleted_at IS NULL ORDER BY key FOR NO KEY UPDATE
"""
_NEW_CHARGE_POINT = """
    INSERT INTO charge_points (id, station_key, registration, password_hash, revision, document)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (folded_id) WHERE deleted_at IS NULL DO NOTHING RETURNING key
"""
_EDIT_CHARGE_POINT = """
    UPDATE charge_points SET station_key = $2, registration = $3, password_hash = $4, revision = $5, document = $6,
           version = nextval('revisions')
    WHERE key = $1
"""
_DELETE_CHARGE_POINTS = """
    UPDATE charge_points c SET deleted_at = now(), revision = n.revision, version = nextval('revisions')
    FROM unnest($1::bigint[], $2::bigint[]) AS n(key, revision) WHERE c.key = n.key
"""
_STORED = "SELECT password_hash FROM charge_points WHERE folded_id = lower($1) AND deleted_at IS NULL"
_NO_LONGER_UNKNOWN = "DELETE FROM unknown_charge_points WHERE folded_id = lower($1)"


class Inventory:
    """Stations and charge points as an operator changes them. Every method may raise ``Unavailable``."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing

    async def create_station(self, author: Author, station_id: str | None, fields: Mapping[str, Any]) -> Change:
        """A new station; its id is generated when none is given.

        Raises:
            Conflict: the id is taken.
            Invalid: one of latitude and longitude is missing.
        """
        _check_position(fields)
        async with self._writing.write(author) as write:
            key = None
            while key is None:
                chosen = station_id or ids.new_station()
                key = await write.connection.fetchval(_NEW_STATION, chosen, *(fields.get(name) for name in _FIELDS))
                if key is None and station_id:
                    raise Conflict("a station with this id exists: choose another id, or PATCH that station")
            write.stations.add(key)
            write.record("station.created", station_id=chosen, after={name: fields.get(name) for name in _FIELDS})
        return write.station_change

    async def edit_station(
        self, author: Author, station_id: str, changes: Mapping[str, Any], if_match: str | None
    ) -> Change:
        """The station with other fields.

        Raises:
            NotFound, Changed (If-Match), Invalid (one of latitude and longitude would be left alone).
        """
        async with self._writing.write(author) as write:
            row = await write.lock_station(station_id)
            etags.require(if_match, row["version"])
            present = {name: row[name] for name in _FIELDS}
            wanted = {**present, **changes}
            _check_position(wanted)
            if wanted == present:
                write.changes = await served.changes_of(write.connection, [row["key"]], [])
            else:
                await write.connection.execute(_EDIT_STATION, row["key"], *wanted.values())
                write.stations.add(row["key"])
                changed = [name for name in _FIELDS if wanted[name] != present[name]]
                write.record(
                    "station.changed",
                    station_id=row["id"],
                    before={name: present[name] for name in changed},
                    after={name: wanted[name] for name in changed},
                )
        return write.station_change

    async def delete_station(self, author: Author, station_id: str, if_match: str | None) -> None:
        """The station and its charge points are no more; their history stays.

        Raises:
            NotFound, Changed (If-Match).
        """
        async with self._writing.write(author) as write:
            row = await write.lock_station(station_id)
            etags.require(if_match, row["version"])
            members = await write.connection.fetch(_CHARGE_POINTS_OF, row["key"])
            await _delete_charge_points(write, members, row["id"])
            await write.connection.execute(_DELETE_STATION, row["key"])
            write.stations.add(row["key"])
            write.record("station.deleted", station_id=row["id"], before={name: row[name] for name in _FIELDS})

    async def create_charge_point(
        self, author: Author, station_id: str, new: NewChargePoint, action: str = "charge_point.created"
    ) -> Change:
        """A new charge point of the station; nobody looks for it in the inbox any more.

        Raises:
            NotFound: there is no such station.
            Conflict: the id is taken, at whatever station, in whatever spelling.
        """
        password_hash = await _hashed(new.password)
        async with self._writing.write(author) as write:
            station = await write.lock_station(station_id)
            (revision,) = await fleet.take_revisions(write.connection, 1)
            document = ChargePointDocument(new.id, station["id"], registration=new.registration, revision=revision)
            key = await write.connection.fetchval(
                _NEW_CHARGE_POINT,
                new.id,
                station["key"],
                new.registration,
                password_hash,
                revision,
                documents.encode(document).decode(),
            )
            if key is None:
                raise Conflict(
                    "a charge point with this id exists (ids match case-insensitively): choose another id, "
                    "or PATCH its station_id to move it here"
                )
            await write.connection.execute(_NO_LONGER_UNKNOWN, new.id)
            write.regroup(station["key"])
            write.charge_points.add(key)
            after = {"registration": new.registration} | password_facts(None, password_hash)
            write.record(action, station_id=station["id"], charge_point_id=new.id, after=after)
        return write.charge_point_change

    async def edit_charge_point(
        self, author: Author, charge_point_id: str, patch: ChargePointPatch, if_match: str | None
    ) -> Change:
        """The charge point moved, with another password or with another registration.

        Raises:
            NotFound, Changed (If-Match), Invalid (there is no such station to move to).
        """
        given = patch.given()
        async with self._writing.write(author) as write:
            seen = await write.connection.fetchval(_STORED, charge_point_id) if patch.password else None
            password_hash = await _hashed(patch.password, seen)  # before the locks
            row, target = await write.lock_charge_point(charge_point_id, given)
            etags.require(if_match, row["version"])
            present = (row["station_key"], row["registration"], row["password_hash"])
            wanted = (
                target,
                given.get("registration", row["registration"]),
                password_hash if "password" in given else row["password_hash"],
            )
            if wanted == present:
                write.changes = await served.changes_of(write.connection, [], [row["key"]])
            else:
                (revision,) = await fleet.take_revisions(write.connection, 1)
                was = documents.charge_point(row["document"])
                document = was.with_(
                    station_id=given.get("station_id", was.station_id), registration=wanted[1], revision=revision
                )
                await write.connection.execute(
                    _EDIT_CHARGE_POINT, row["key"], *wanted, revision, documents.encode(document).decode()
                )
                if target != row["station_key"]:
                    write.regroup(row["station_key"], target)
                elif target is not None:
                    write.stations.add(target)
                write.charge_points.add(row["key"])
                before, after = {}, password_facts(row["password_hash"], wanted[2])
                for name in ("station_id", "registration"):
                    if getattr(was, name) != getattr(document, name):
                        before[name], after[name] = getattr(was, name), getattr(document, name)
                write.record(
                    "charge_point.changed",
                    station_id=document.station_id,
                    charge_point_id=row["id"],
                    before=before,
                    after=after,
                )
        return write.charge_point_change

    async def delete_charge_point(self, author: Author, charge_point_id: str, if_match: str | None) -> None:
        """The charge point is no more; its history stays.

        Raises:
            NotFound, Changed (If-Match).
        """
        async with self._writing.write(author) as write:
            row, _ = await write.lock_charge_point(charge_point_id, {})
            etags.require(if_match, row["version"])
            await _delete_charge_points(write, [row], documents.charge_point(row["document"]).station_id)
            write.regroup(row["station_key"])


def password_facts(before: str | None, after: str | None) -> dict[str, str | None]:
    """What the audit says of a password: that it was set or removed, if it was."""
    return {} if before == after else {"password": "set" if after else "removed"}


async def _delete_charge_points(write: Write, rows: Sequence[Any], station_id: str | None) -> None:
    keys = [row["key"] for row in rows]
    revisions = await fleet.take_revisions(write.connection, len(keys))
    await write.connection.execute(_DELETE_CHARGE_POINTS, keys, revisions)
    write.charge_points.update(keys)
    for row in rows:
        before = {"registration": row["registration"]}
        write.record("charge_point.deleted", station_id=station_id, charge_point_id=row["id"], before=before)


async def _hashed(password: str | None, stored: str | None = None) -> str | None:
    """The stored hash if it is of this password, else a new one. Off the loop: it takes tens of milliseconds."""
    if password is None:
        return None
    is_same = stored is not None and await asyncio.to_thread(passwords.matches, stored, password.encode())
    return stored if is_same else await asyncio.to_thread(passwords.hashed, password)


def _check_position(fields: Mapping[str, Any]) -> None:
    missing = [name for name in ("latitude", "longitude") if fields.get(name) is None]
    if len(missing) == 1:
        raise Invalid(FieldError(missing[0], "latitude and longitude come together: give both, or null for both"))
