"""Lists of stations and charge points from Postgres, by keyset, so that page 1,000 costs what page 1 does."""

import re
from typing import Any

import msgspec
from msgspec import Struct

from api import cursors
from api.database import Database
from api.requests import ChargePointFilters, StationFilters
from shared import fleet, instant
from shared.documents import StationItem
from shared.status import summed

_MEMBERS = """
    ARRAY(SELECT c.document FROM charge_points c
          WHERE c.station_key = s.key AND c.deleted_at IS NULL ORDER BY c.folded_id) AS charge_points
"""
_SOME_INOPERATIVE = """
    EXISTS (SELECT FROM charge_points c WHERE c.station_key = s.key AND c.deleted_at IS NULL AND NOT c.operative)
"""


class Page(Struct, frozen=True):
    """A part of a list, as it is sent."""

    items: list[msgspec.Raw]
    next_cursor: str | None


class _Select:
    """A SELECT put together from fixed clauses; what a client sends goes in as numbered arguments alone."""

    def __init__(self, columns: str, table: str, order: str) -> None:
        self._columns, self._table, self._order = columns, table, order
        self._conditions = ["deleted_at IS NULL"]
        self.arguments: list[Any] = []

    def where(self, condition: str, *arguments: Any) -> None:
        """One more condition; each ``{}`` in it is one of the arguments."""
        numbers = [f"${len(self.arguments) + n}" for n in range(1, len(arguments) + 1)]
        self._conditions.append(condition.format(*numbers))
        self.arguments += arguments

    def limited(self, limit: int) -> str:
        """The statement, for at most ``limit`` rows."""
        clauses = ("SELECT", self._columns, "FROM", self._table, "WHERE", " AND ".join(self._conditions))
        return " ".join((*clauses, "ORDER BY", self._order, "LIMIT", str(limit)))


class Queries:
    """Both lists. Every method may raise ``Unavailable``, and ``Invalid`` for a cursor that is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stations(self, filters: StationFilters) -> Page:
        """Stations by id; whole documents with ``expand``, else all but their charge points."""
        whole = filters.expand is not None
        select = _Select(f"s.*, {_MEMBERS}" if whole else "s.*", "stations s", "id")
        select.where("id > {}", cursors.decode("s", filters.cursor))
        if filters.status:
            select.where("status = ANY({}::text[])", filters.status)
        if filters.health:
            select.where("health = ANY({}::text[])", filters.health)
        if filters.operative is not None:
            select.where(f"NOT {_SOME_INOPERATIVE}" if filters.operative else _SOME_INOPERATIVE)
        if filters.q is not None:
            select.where(
                "(starts_with(lower(id), lower({})) OR concat_ws(' ', name, address) ~* {})",
                filters.q,
                rf"\m{re.escape(filters.q)}",
            )
        return await self._page(select, filters.limit, "s", "id", _whole_station if whole else _station_item)

    async def charge_points(self, filters: ChargePointFilters) -> Page:
        """Charge points by id, whole documents."""
        select = _Select("folded_id, document", "charge_points", "folded_id")
        select.where("folded_id > {}", cursors.decode("c", filters.cursor))
        if filters.status:
            select.where("status = ANY({}::text[])", filters.status)
        if filters.health:
            select.where("health = ANY({}::text[])", filters.health)
        if filters.connectivity:
            select.where("connectivity = ANY({}::text[])", filters.connectivity)
        if filters.operative is not None:
            select.where("operative = {}", filters.operative)
        if filters.unassigned is not None:
            select.where("(station_key IS NULL) = {}", filters.unassigned)
        if filters.q is not None:
            select.where("starts_with(folded_id, lower({}))", filters.q)
        return await self._page(select, filters.limit, "c", "folded_id", _charge_point)

    async def _page(self, select: _Select, limit: int, of: str, key: str, item: Any) -> Page:
        async with self._database.connection() as connection:
            rows = await connection.fetch(select.limited(limit + 1), *select.arguments)
        shown = rows[:limit]
        return Page(
            items=[msgspec.Raw(item(row)) for row in shown],
            next_cursor=cursors.encode(of, shown[-1][key]) if len(rows) > limit else None,
        )


def _whole_station(row: Any) -> bytes:
    return fleet.station_change(row, row["charge_points"]).document or b""


def _station_item(row: Any) -> bytes:
    fields = {name: row[name] for name in StationItem.__struct_fields__}
    fields["counts"] = summed([row["counts"]])
    fields["updated_at"] = instant.to_text(instant.from_datetime(row["updated_at"]))
    return msgspec.json.encode(StationItem(**fields))


def _charge_point(row: Any) -> bytes:
    return bytes(row["document"], "utf-8")
