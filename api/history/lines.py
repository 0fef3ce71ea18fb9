"""What was reported, when: lines of history from Postgres, newest first by the time they were received.

Keyset: a page goes on after the last line of the one before, so a line that comes in later than
newer ones (a rollup that caught up) may be missed by who pages, but none is seen twice.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET, UnsetType

from api.database import Database
from api.http import ids, pages
from api.http.pages import Page
from api.http.problems import NotFound
from shared.words import instant

from .answers import HistoryLine
from .inputs import HistoryFilters, LineFilters

WITHIN_S = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INSTEAD = "this search takes too long: ask for a shorter time (from, to)"

_LIFE = """
    1 + (SELECT count(*) FROM charge_points o
         WHERE o.folded_id = c.folded_id AND o.deleted_at IS NOT NULL AND o.key < c.key) AS life
"""
_CHARGE_POINT = "SELECT key, id, 0 AS life FROM charge_points WHERE folded_id = lower($1) AND deleted_at IS NULL"
_CHARGE_POINTS = f"""
    SELECT key, id, {_LIFE} FROM charge_points c WHERE folded_id = lower($1) AND deleted_at IS NULL
    UNION ALL SELECT key, id, {_LIFE} FROM charge_points c WHERE folded_id = lower($1) AND deleted_at IS NOT NULL
"""  # noqa: S608
_STATION = "SELECT key FROM stations WHERE folded_id = lower($1) AND deleted_at IS NULL"
_STATIONS = f"{_STATION} UNION ALL SELECT key FROM stations WHERE folded_id = lower($1) AND deleted_at IS NOT NULL"  # noqa: S608
_MEMBERS = "SELECT key, id, 0 AS life FROM charge_points WHERE station_key = ANY($1::bigint[]) AND deleted_at IS NULL"
_ALL_MEMBERS = f"""
    SELECT key, id, {_LIFE} FROM charge_points c WHERE station_key = ANY($1::bigint[]) AND deleted_at IS NULL
    UNION ALL SELECT key, id, {_LIFE} FROM charge_points c
    WHERE station_key = ANY($1::bigint[]) AND deleted_at IS NOT NULL
"""  # noqa: S608
_LINES = """
    SELECT n.* FROM unnest($1::bigint[]) AS k(key) CROSS JOIN LATERAL (
        SELECT id, kind, charge_point_key, evse_id, connector_id, reported, normalized, error_code,
               vendor_error_code, vendor_id, info, event_time, reported_at, reported_at_text, received_at, flags
        FROM history h WHERE charge_point_key = k.key {conditions}
        ORDER BY received_at DESC, id DESC LIMIT {limit}
    ) n ORDER BY n.received_at DESC, n.id DESC LIMIT {limit}
"""


class History:
    """Every method may raise ``Unavailable``, ``NotFound``, and ``Invalid`` for a time that cannot be."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_charge_point(self, charge_point_id: str, filters: HistoryFilters) -> Page[HistoryLine]:
        """What one charge point reported; with ``include_deleted`` all that ever bore the id."""
        if not ids.is_charge_point(charge_point_id):
            raise _no("charge point", filters)
        async with self._database.reading(WITHIN_S, _INSTEAD) as connection:
            found = await connection.fetch(
                _CHARGE_POINTS if filters.include_deleted else _CHARGE_POINT, charge_point_id
            )
            if not found:
                raise _no("charge point", filters)
            return await _page(connection, found, filters)

    async def of_station(self, station_id: str, filters: HistoryFilters) -> Page[HistoryLine]:
        """What the charge points that a station has now reported, wherever they were then.

        With ``include_deleted`` those, too, that were deleted while they were there.
        """
        if not ids.is_station(station_id):
            raise _no("station", filters)
        async with self._database.reading(WITHIN_S, _INSTEAD) as connection:
            stations = await connection.fetch(_STATIONS if filters.include_deleted else _STATION, station_id)
            if not stations:
                raise _no("station", filters)
            members = _ALL_MEMBERS if filters.include_deleted else _MEMBERS
            found = await connection.fetch(members, [row["key"] for row in stations])
            return await _page(connection, found, filters)


async def _page(connection: Any, charge_points: Sequence[Any], filters: HistoryFilters) -> Page[HistoryLine]:
    where = Conditions([row["key"] for row in charge_points])
    where.of(filters)
    if filters.evse_id is not None:
        where.add("h.evse_id = {}::smallint", filters.evse_id)
    if filters.connector_id is not None:
        where.add("h.connector_id = {}::smallint", filters.connector_id)
    rows = await connection.fetch(_LINES.format(conditions=where, limit=filters.limit + 1), *where.arguments)
    known = {row["key"]: row for row in charge_points}

    def of_its_charge_point(row: Any) -> HistoryLine:
        charge_point = known[row["charge_point_key"]]
        return line(row, charge_point["id"], life=charge_point["life"] if filters.include_deleted else UNSET)

    return page(rows, filters.limit, of_its_charge_point)


class Conditions:
    """Conditions on ``history h`` with numbered arguments, the first of them given; as text they begin with AND."""

    def __init__(self, *first: Any) -> None:
        self.arguments: list[Any] = [*first]
        self._conditions: list[str] = []

    def __str__(self) -> str:
        return " ".join(self._conditions)

    def add(self, condition: str, *values: Any) -> None:
        """One more; each ``{}`` in it is one of the values."""
        numbers = [f"${len(self.arguments) + n}" for n in range(1, len(values) + 1)]
        self._conditions.append("AND " + condition.format(*numbers))
        self.arguments.extend(values)

    def of(self, filters: LineFilters) -> None:
        """Those that every history can be narrowed by, and where the page begins.

        Raises:
            Invalid: the cursor is none of a history.
        """
        if filters.from_ is not None:
            self.add("h.received_at >= {}::timestamptz", filters.from_)
        if filters.to is not None:
            self.add("h.received_at < {}::timestamptz", filters.to)
        if filters.cursor is not None:
            at, id_ = last_line(filters.cursor)
            before = "h.received_at <= {0}::timestamptz AND (h.received_at, h.id) < ({0}::timestamptz, {1}::bigint)"
            self.add(before, at, id_)
        if filters.kind:
            self.add("h.kind = ANY({}::text[])", filters.kind)


def page(rows: Sequence[Any], limit: int, made: Callable[[Any], HistoryLine]) -> Page[HistoryLine]:
    """The page of rows, of which there is one more than ``limit`` where another page follows."""
    shown = rows[:limit]
    next_cursor = cursor(shown[-1]["received_at"], shown[-1]["id"]) if len(rows) > limit else None
    return Page(items=[made(row) for row in shown], next_cursor=next_cursor)


def line(
    row: Any, charge_point_id: str, *, station_id: str | UnsetType | None = UNSET, life: int | UnsetType = UNSET
) -> HistoryLine:
    """A row of history as a line."""
    return HistoryLine(
        id=row["id"],
        kind=row["kind"],
        charge_point_id=charge_point_id,
        evse_id=row["evse_id"],
        connector_id=row["connector_id"],
        reported=row["reported"],
        normalized=row["normalized"],
        error_code=row["error_code"],
        vendor_error_code=row["vendor_error_code"],
        vendor_id=row["vendor_id"],
        info=row["info"],
        event_time=_text(row["event_time"]),
        reported_at=None if row["reported_at"] is None else _text(row["reported_at"]),
        reported_at_text=row["reported_at_text"],
        received_at=_text(row["received_at"]),
        flags=row["flags"],
        station_id=station_id,
        life=life,
    )


def _text(moment: datetime) -> str:
    return instant.to_text(instant.from_datetime(moment))


def _no(what: str, filters: HistoryFilters) -> NotFound:
    if filters.include_deleted:
        return NotFound(
            f"there never was a {what} with this id: GET /v1/{what.replace(' ', '-')}s lists those there are"
        )
    return NotFound(f"there is no {what} with this id: include_deleted=true shows the history of one that was deleted")


def cursor(received_at: datetime, id_: int) -> str:
    """The cursor after a line of history."""
    return pages.encode("h", f"{(received_at - _EPOCH) // _MICROSECOND}:{id_}")


def last_line(cursor: str) -> tuple[datetime, int]:
    """The line of history after which a page begins.

    Raises:
        Invalid: it is no cursor of a history.
    """
    micros, _, id_ = pages.decode("h", cursor).partition(":")
    if not (micros.isdecimal() and id_.isdecimal() and max(len(micros), len(id_)) <= 18):
        raise pages.refused()
    try:
        return _EPOCH + timedelta(microseconds=int(micros)), int(id_)
    except OverflowError:
        raise pages.refused() from None
