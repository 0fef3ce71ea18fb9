"""Import and export of the inventory.

An import is merged in transactions of some hundred rows on the road of every other write, so that
chargers are not kept waiting behind it. What was stored stays when a later part fails: sending the
file again finds it unchanged. A dry run reads, and locks and writes nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from api.database import Database
from api.http.access import Author
from api.http.problems import Unavailable
from api.inventory.inventory import Inventory
from api.inventory.merging import Known, Merged

from . import rows
from .rows import Format

AT_ONCE = 500
HASHING_S = 40  #: then rows with passwords have an error: proxies give up after 60 s

_STATIONS = """
    SELECT s.id AS station_id, s.name AS station_name, s.address, s.latitude, s.longitude, s.time_zone,
           c.id AS charge_point_id, c.registration
    FROM (SELECT * FROM stations WHERE deleted_at IS NULL AND folded_id > $1 ORDER BY folded_id LIMIT 500) s
    LEFT JOIN charge_points c ON c.station_key = s.key AND c.deleted_at IS NULL
    ORDER BY s.folded_id, c.folded_id
"""
_UNASSIGNED = """
    SELECT NULL AS station_id, NULL AS station_name, NULL AS address, NULL AS latitude, NULL AS longitude,
           NULL AS time_zone, id AS charge_point_id, registration, folded_id
    FROM charge_points WHERE deleted_at IS NULL AND station_key IS NULL AND folded_id > $1
    ORDER BY folded_id LIMIT 1000
"""


class Bulk:
    """The inventory as a file."""

    def __init__(self, inventory: Inventory, database: Database) -> None:
        self._inventory = inventory
        self._database = database

    async def import_(self, author: Author, body: bytes, format_: Format, *, dry_run: bool) -> list[Merged]:
        """Merges a file into the inventory, row by row; with ``dry_run`` only says what would come of it.

        Raises:
            Invalid: the file cannot be read at all.
            Unavailable: Postgres went away; the rows before are stored.
        """
        read = await asyncio.to_thread(rows.read, body, format_)
        merged: list[Merged] = []
        known = Known()
        until = asyncio.get_running_loop().time() + HASHING_S
        for start in range(0, len(read), AT_ONCE):
            part = read[start : start + AT_ONCE]
            try:
                if dry_run:
                    merged += await self._inventory.would_merge(part, known, until)
                else:
                    merged += (await self._inventory.merge(author, part, until=until))[0]
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
            page = await self._fetch(_STATIONS, page[-1]["station_id"].lower())
            yield rows.written(page, format_, header=False)
        after = ""
        while page := await self._fetch(_UNASSIGNED, after):
            yield rows.written(page, format_, header=False)
            after = page[-1]["folded_id"]

    async def _fetch(self, query: str, after: str) -> list[Any]:
        async with self._database.connection() as connection:
            return await connection.fetch(query, after)
