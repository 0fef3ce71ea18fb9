"""Writes to the inventory, on the road of ``shared.stores.fleet``.

Lock, merge, take a revision, make the documents, note them, commit; then Redis. What Redis does not take is in the
note, and a rollup publishes it later. What changes nothing writes nothing. A single write is a file of one row.
"""

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.database import Database
from api.http import etags, ids
from api.http.access import Author
from api.http.problems import FieldError, IdTaken, Invalid, NotFound, Unavailable
from shared.stores import fleet, served
from shared.stores.hot import Change
from shared.words import documents

from .hashing import Hashing
from .inputs import ChargePointPatch, NewChargePoint
from .merging import FIELDS, STATION, Known, Merged, Row, merge
from .store import load, load_locked, store
from .writing import NO_CHARGE_POINT, NO_STATION, Write, Writing

TRIES = 5

_DELETE_STATION = "UPDATE stations SET deleted_at = now(), version = nextval('revisions') WHERE key = $1"
_CHARGE_POINTS_OF = """
    SELECT key, id, registration FROM charge_points
    WHERE station_key = $1 AND deleted_at IS NULL ORDER BY key FOR NO KEY UPDATE
"""
_DELETE_CHARGE_POINTS = """
    UPDATE charge_points c SET deleted_at = now(), revision = n.revision, version = nextval('revisions')
    FROM unnest($1::bigint[], $2::bigint[]) AS n(key, revision) WHERE c.key = n.key
"""

Check = Callable[[Known], None]  #: of what is locked; may refuse


class Inventory:
    """Stations and charge points as an operator changes them. Every method may raise ``Unavailable``."""

    def __init__(self, writing: Writing, database: Database) -> None:
        self._writing = writing
        self._database = database
        self._hashing = Hashing()

    async def merge(
        self,
        author: Author,
        part: Sequence[Row],
        check: Check = lambda known: None,
        created: str = "created",
        until: float = math.inf,
    ) -> tuple[list[Merged], Write]:
        """Merges the rows in one transaction; what came of each, and of all. A single one's documents are shown anyway.

        ``created`` is what the audit says of a new charge point. Rows whose passwords are not hashed ``until`` then
        (s, of the loop's clock) have an error.

        Raises:
            whatever ``check`` does; nothing is written then.
        """
        seen = Known()
        if any(row.given.get("password") for row in part):
            seen = await self._seen(part)
        hashes = await self._hashing.of(part, seen, until=until)  # before the locks: it may take seconds
        for _ in range(TRIES):
            with contextlib.suppress(fleet.Moved):
                async with self._writing.write(author) as write:
                    known = await load_locked(write.connection, part)
                    check(known)
                    merged = [merge(row, known, hashes) for row in part]
                    await store(write, known, created)
                    if len(part) == 1 and not write.touched:
                        write.changes = await served.changes_of(write.connection, *known.keys)
                return merged, write
        raise Unavailable(
            "others change the same stations or charge points all the time: try again", headers={"Retry-After": "1"}
        )

    async def would_merge(self, part: Sequence[Row], known: Known, until: float = math.inf) -> list[Merged]:
        """What would come of the rows after those that made ``known`` what it is; writes nothing."""
        known.add(await self._seen(part))
        hashes = await self._hashing.of(part, known, dry_run=True, until=until)
        return [merge(row, known, hashes) for row in part]

    async def create_station(self, author: Author, station_id: str | None, fields: Mapping[str, Any]) -> Change:
        """A new station; its id is generated when none is given.

        Raises:
            IdTaken: the id is taken.
            Invalid: one of latitude and longitude is missing.
        """

        def is_new(known: Known) -> None:
            if known.stations:
                raise IdTaken(
                    "a station with this id exists (ids match case-insensitively): choose another id, or PATCH that"
                )

        while True:
            try:
                chosen = station_id or ids.new_station()
                return (await self._one(author, _of_station(chosen, fields), is_new)).station_change
            except IdTaken:
                if station_id:
                    raise

    async def edit_station(
        self, author: Author, station_id: str, changes: Mapping[str, Any], if_match: str | None
    ) -> Change:
        """The station with other fields.

        Raises:
            NotFound, Changed (If-Match), Invalid (one of latitude and longitude would be left alone).
        """

        def is_that(known: Known) -> None:
            for station in known.stations.values():
                etags.require(if_match, station.version)
                return
            raise NotFound(NO_STATION)

        if not ids.is_station(station_id):
            raise NotFound(NO_STATION)
        return (await self._one(author, _of_station(station_id, changes), is_that)).station_change

    async def create_charge_point(
        self, author: Author, station_id: str, new: NewChargePoint, created: str = "created"
    ) -> Change:
        """A new charge point of the station; nobody looks for it in the inbox any more.

        Raises:
            NotFound: there is no such station.
            IdTaken: the id is taken, at whatever station, in whatever spelling.
        """

        def is_new(known: Known) -> None:
            if not known.stations:
                raise NotFound(NO_STATION)
            if known.charge_points:
                raise IdTaken(
                    "a charge point with this id exists (ids match case-insensitively): choose another id, "
                    "or PATCH its station_id to move it here"
                )

        if not ids.is_station(station_id):
            raise NotFound(NO_STATION)
        given = {"charge_point_id": new.id, "registration": new.registration, "password": new.password}
        return (await self._one(author, given | {"station_id": station_id}, is_new, created)).charge_point_change

    async def edit_charge_point(
        self, author: Author, charge_point_id: str, patch: ChargePointPatch, if_match: str | None
    ) -> Change:
        """The charge point moved, with another password or with another registration.

        Raises:
            NotFound, Changed (If-Match), Invalid (there is no such station to move to).
        """
        given = {name: value for name, value in patch.given().items() if name != "generate_password"}

        def is_that(known: Known) -> None:
            for charge_point in known.charge_points.values():
                etags.require(if_match, charge_point.version)
                if given.get("station_id") is not None and not known.stations:
                    raise Invalid(FieldError("station_id", "there is no such station: create it first"))
                return
            raise NotFound(NO_CHARGE_POINT)

        if not ids.is_charge_point(charge_point_id):
            raise NotFound(NO_CHARGE_POINT)
        return (await self._one(author, given | {"charge_point_id": charge_point_id}, is_that)).charge_point_change

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
            write.record("station.deleted", station_id=row["id"], before={name: row[name] for name in FIELDS})

    async def delete_charge_point(self, author: Author, charge_point_id: str, if_match: str | None) -> None:
        """The charge point is no more; its history stays.

        Raises:
            NotFound, Changed (If-Match).
        """
        async with self._writing.write(author) as write:
            row = await write.lock_charge_point(charge_point_id)
            etags.require(if_match, row["version"])
            await _delete_charge_points(write, [row], documents.charge_point(row["document"]).station_id)
            write.regroup(row["station_key"])

    async def _one(self, author: Author, given: Mapping[str, Any], check: Check, created: str = "created") -> Write:
        (merged,), write = await self.merge(author, [Row(1, given)], check, created)
        if merged.errors:
            raise Invalid(*merged.errors)
        return write

    async def _seen(self, part: Sequence[Row]) -> Known:
        async with self._database.connection() as connection:
            return await load(connection, part)


def _of_station(station_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as columns of a row."""
    return {"station_id": station_id} | {column: fields[name] for column, name in STATION.items() if name in fields}


async def _delete_charge_points(write: Write, rows: Sequence[Any], station_id: str | None) -> None:
    keys = [row["key"] for row in rows]
    revisions = await fleet.take_revisions(write.connection, len(keys))
    await write.connection.execute(_DELETE_CHARGE_POINTS, keys, revisions)
    write.charge_points.update(keys)
    for row in rows:
        before = {"registration": row["registration"]}
        write.record("charge_point.deleted", station_id=station_id, charge_point_id=row["id"], before=before)
