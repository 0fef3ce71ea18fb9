"""Import and export of the inventory.

An import is merged in transactions of some hundred rows on the road of every other write, so that
chargers are not kept waiting behind it. What was stored stays when a later part fails: sending the
file again finds it unchanged. A dry run reads, and locks and writes nothing.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from api.bulk import rows
from api.database import Database
from api.http.access import Author
from api.http.problems import FieldError, Unavailable
from api.inventory import merging
from api.inventory.merging import Inventory, Result
from api.inventory.store import load, load_locked, store
from api.inventory.writing import Writing
from shared.credentials import passwords
from shared.stores import fleet

from .rows import Format, Read

AT_ONCE = 500
HASHING_AT_ONCE = 2  #: each takes a core and 16 MB for tens of milliseconds
TRIES = 5

_STATIONS = """
    SELECT s.id AS station_id, s.name AS station_name, s.address, s.latitude, s.longitude, s.time_zone,
           c.id AS charge_point_id, c.registration
    FROM (SELECT * FROM stations WHERE deleted_at IS NULL AND id > $1 ORDER BY id LIMIT 500) s
    LEFT JOIN charge_points c ON c.station_key = s.key AND c.deleted_at IS NULL
    ORDER BY s.id, c.folded_id
"""
_UNASSIGNED = """
    SELECT NULL AS station_id, NULL AS station_name, NULL AS address, NULL AS latitude, NULL AS longitude,
           NULL AS time_zone, id AS charge_point_id, registration, folded_id
    FROM charge_points WHERE deleted_at IS NULL AND station_key IS NULL AND folded_id > $1
    ORDER BY folded_id LIMIT 1000
"""


class Merged(NamedTuple):
    """What came of one row."""

    row: Read
    result: Result
    errors: Sequence[FieldError]


class Bulk:
    """The inventory as a file."""

    def __init__(self, writing: Writing, database: Database) -> None:
        self._writing = writing
        self._database = database
        self._hashing = asyncio.Semaphore(HASHING_AT_ONCE)

    async def import_(self, author: Author, body: bytes, format_: Format, *, dry_run: bool) -> list[Merged]:
        """Merges a file into the inventory, row by row; with ``dry_run`` only says what would come of it.

        Raises:
            Invalid: the file cannot be read at all.
            Unavailable: Postgres went away; the rows before are stored.
        """
        read = await asyncio.to_thread(rows.read, body, format_)
        merged: list[Merged] = []
        known = Inventory()
        for start in range(0, len(read), AT_ONCE):
            part = read[start : start + AT_ONCE]
            try:
                if dry_run:
                    await self._look_up(known, part)
                    merged += _merge(part, known, await self._hashes(known, part, dry_run=True))
                else:
                    merged += await self._stored(author, part)
            except Unavailable as error:
                stored = 0 if dry_run else start
                detail = f"{error.detail}. {stored} rows are stored: sending all of them again does no harm"
                raise Unavailable(detail, headers=error.headers) from error
        return merged

    async def export(self, format_: Format) -> AsyncIterator[bytes]:
        """All of the inventory in pieces; what moves meanwhile may be in it twice, or not at all.

        The first piece comes when it is there, so that a Postgres that is away is an answer, not a torn file.

        Raises:
            Unavailable
        """
        first = await self._fetch(_STATIONS, "")
        return self._pieces(first, format_)

    async def _pieces(self, page: list[Any], format_: Format) -> AsyncIterator[bytes]:
        yield rows.written(page, format_, header=True)
        while page:
            page = await self._fetch(_STATIONS, page[-1]["station_id"])
            yield rows.written(page, format_, header=False)
        after = ""
        while page := await self._fetch(_UNASSIGNED, after):
            yield rows.written(page, format_, header=False)
            after = page[-1]["folded_id"]

    async def _fetch(self, query: str, after: str) -> list[Any]:
        async with self._database.connection() as connection:
            return await connection.fetch(query, after)

    async def _look_up(self, known: Inventory, part: Sequence[Read]) -> None:
        async with self._database.connection() as connection:
            found = await load(connection, part)
        known.stations = found.stations | known.stations
        known.charge_points = found.charge_points | known.charge_points

    async def _stored(self, author: Author, part: Sequence[Read]) -> list[Merged]:
        seen = Inventory()
        await self._look_up(seen, part)
        hashes = await self._hashes(seen, part, dry_run=False)  # before the locks: it may take seconds
        for _ in range(TRIES):
            with contextlib.suppress(fleet.Moved):
                async with self._writing.write(author) as write:
                    inventory = await load_locked(write.connection, part)
                    merged = _merge(part, inventory, hashes)
                    await store(write, inventory)
                return merged
        raise Unavailable("others change the same charge points all the time: try again", headers={"Retry-After": "1"})

    async def _hashes(self, seen: Inventory, part: Sequence[Read], *, dry_run: bool) -> dict[int, str]:
        """The hash of each password by row number: the stored one where it is that password still."""
        wanted: dict[tuple[str, str], list[int]] = {}
        for row in part:
            if row.given.get("password") and row.given.get("charge_point_id") and not row.errors:
                of = (row.given["charge_point_id"].lower(), row.given["password"])
                wanted.setdefault(of, []).append(row.number)

        async def hashed(folded_id: str, password: str) -> str:
            known = seen.charge_points.get(folded_id)
            async with self._hashing:
                return await asyncio.to_thread(_hashed, known.password_hash if known else None, password, dry_run)

        found = await asyncio.gather(*(hashed(*of) for of in wanted))
        return {number: hash_ for hash_, numbers in zip(found, wanted.values(), strict=True) for number in numbers}


def _hashed(stored: str | None, password: str, dry_run: bool) -> str:
    would_be = f"dry run: {password}"
    if stored is not None and not stored.startswith("dry run: ") and passwords.matches(stored, password.encode()):
        return stored
    return would_be if dry_run else passwords.hashed(password)


def _merge(part: Sequence[Read], inventory: Inventory, hashes: dict[int, str]) -> list[Merged]:
    return [Merged(row, *merging.merge(row, inventory, hashes)) for row in part]
