"""Lists of stations and charge points from Postgres, by keyset, so that page 1,000 costs what page 1 does."""

from collections.abc import Callable
from typing import Any, get_args

import msgspec

from api.database import Database
from api.http.pages import Page
from api.http.problems import FieldError, Invalid
from shared.stores import fleet, served
from shared.words import instant, places
from shared.words.documents import StationItem
from shared.words.status import STATUSES, Connectivity, Health, summed

from .inputs import ChargePointFilters, Filters, StationFilters
from .orders import ByDistance, ById, ByName
from .selects import Domain, Select

WITHIN_S = 5
RADIUS_M = 1000.0
_INSTEAD = "this search takes too long: ask for a longer q, a smaller place, or fewer filters"

_FIELDS = [name for name in StationItem.__struct_fields__ if name != "since"]
_ITEM = "s.status_since, s." + ", s.".join(_FIELDS)
_MEMBERS = """
    s.version, s.deleted_at,
    ARRAY(SELECT c.document FROM charge_points c
          WHERE c.station_key = s.key AND c.deleted_at IS NULL ORDER BY c.folded_id) AS charge_points
"""


class Lists:
    """Both lists. Every method may raise ``Unavailable``, and ``Invalid`` for what does not go together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stations(self, filters: StationFilters) -> Page[msgspec.Raw]:
        """Stations; whole documents with ``expand``, else all but their charge points."""
        if filters.near is not None and filters.sort is not None:
            raise Invalid(FieldError("sort", "near sorts by distance: leave it out"))
        has_traits = bool(filters.connectivity) or filters.operative is not None
        domains = (*_of_status("s", filters), Domain("s.traits", "smallint", _traits(filters), has_traits))
        if filters.near is None and filters.bbox is None and filters.q is None and filters.sort != "name":
            joined = "stations s"
            select = Select("stations s", "", "s.key", ById("s", "s.folded_id"))
        else:
            order = (
                _order("s", "x.folded_id", filters) if filters.sort != "name" else ByName("sn", "x.name", "x.folded_id")
            )
            is_narrowed = any(one.narrowed for one in domains) or filters.updated_since is not None
            joined = "JOIN stations s ON s.key = x.station_key" if is_narrowed else ""
            select = Select("station_search x", joined, "x.station_key", order)
            select.searches = True
        if filters.updated_since is not None:
            select.searches = True
            select.where("s.updated_at >= {}::timestamptz", filters.updated_since)
        if joined:
            select.where("s.deleted_at IS NULL")  # for its index; what can be searched is alive
        select.among(*domains)
        if filters.q is not None:
            select.words("x.words", filters.q)
        _place(select, filters)
        if filters.expand is None:
            return await self._page(
                select, f"{_ITEM} FROM ({{}}) p JOIN stations s USING (key)", filters, _station_item
            )
        return await self._page(
            select, f"{_ITEM}, {_MEMBERS} FROM ({{}}) p JOIN stations s USING (key)", filters, _whole_station
        )

    async def charge_points(self, filters: ChargePointFilters) -> Page[msgspec.Raw]:
        """Charge points, whole documents."""
        connectivity = filters.connectivity
        domains = (
            _flag("(c.station_key IS NULL)", filters.unassigned),
            _flag("c.operative", filters.operative),
            Domain("c.connectivity", "text", connectivity or get_args(Connectivity), bool(connectivity)),
            *_of_status("c", filters),
        )
        device = _device(filters)
        placed = filters.near is not None or filters.bbox is not None
        is_narrowed = any(one.narrowed for one in domains)
        of_state = (
            placed
            or filters.station_id is not None
            or filters.error_code is not None
            or filters.flapping is not None
            or filters.stuck is not None
            or filters.updated_since is not None
        )
        joined = ""
        if filters.q is None and not device:
            searched, key, id_ = "charge_points c", "c.key", "c.folded_id"
        else:
            searched, key, id_ = "charge_point_search w", "w.charge_point_key", "w.folded_id"
            if of_state or is_narrowed:
                joined = "JOIN charge_points c ON c.key = w.charge_point_key"
        if placed:
            joined += " JOIN station_search x ON x.station_key = c.station_key"
        select = Select(searched, joined, key, _order("c", id_, filters))
        select.searches = filters.q is not None or bool(device) or of_state
        if searched == "charge_points c" or joined:
            select.where("c.deleted_at IS NULL")
        if filters.q is not None:
            select.words("w.words", filters.q)
        for condition, value in device:
            select.having(condition, value)
        _place(select, filters)
        _state(select, filters)
        if device and is_narrowed and filters.q is None and not of_state:
            walked = "JOIN charge_point_search w ON w.charge_point_key = c.key"
            select.where_many("charge_points c", walked, "c.key", ById("c", "c.folded_id"), *domains)
        select.among(*domains)
        return await self._page(
            select, "c.document FROM ({}) p JOIN charge_points c USING (key)", filters, _charge_point
        )

    async def _page(
        self, select: Select, outer: str, filters: Filters, item: Callable[[Any], bytes]
    ) -> Page[msgspec.Raw]:
        counting, values = select.counting()
        if filters.cursor is not None:
            select.after(filters.cursor)
        page = select.text(filters.limit + 1)
        names = ", ".join(f"p.{name}" for name in select.names)
        statement = f"SELECT p.*, {outer.format(page)} ORDER BY {names}"
        opened = self._database.reading(WITHIN_S, _INSTEAD) if select.searches else self._database.connection()
        async with opened as connection:
            rows = await connection.fetch(statement, *select.arguments)
            total = await connection.fetchval(counting, *values) if filters.count else msgspec.UNSET
        shown = rows[: filters.limit]
        if filters.near is None:
            items = [msgspec.Raw(item(row)) for row in shown]
        else:
            items = [
                msgspec.Raw(b'%b,"distance_m":%b}' % (item(row)[:-1], msgspec.json.encode(row["o0"]))) for row in shown
            ]
        return Page(items, select.order.cursor(shown[-1]) if len(rows) > filters.limit else None, total)


def _order(of: str, id_: str, filters: Filters) -> ById | ByDistance:
    return ById(of, id_) if filters.near is None else ByDistance(f"{of}d", id_)


def _of_status(table: str, filters: Filters) -> tuple[Domain, Domain]:
    return (
        Domain(f"{table}.status", "text", filters.status or STATUSES, bool(filters.status)),
        Domain(f"{table}.health", "text", filters.health or get_args(Health), bool(filters.health)),
    )


def _device(filters: ChargePointFilters) -> list[tuple[str, object]]:
    """Conditions of what a charge point is, by the columns of ``charge_point_search``."""
    names = ("vendor", "model", "firmware")
    found: list[tuple[str, object]] = [
        (f"w.{name} = lower({{}})", value) for name in names if (value := getattr(filters, name)) is not None
    ]
    if filters.protocol:
        found.append(("w.protocol = ANY({}::text[])", filters.protocol))
    if filters.registration:
        found.append(("w.registration = ANY({}::text[])", filters.registration))
    return found


def _state(select: Select, filters: ChargePointFilters) -> None:
    if filters.station_id is not None:
        station = "(SELECT key FROM stations WHERE folded_id = lower({}) AND deleted_at IS NULL)"
        select.where(f"c.station_key = {station}", filters.station_id)
    if filters.error_code is not None:
        reported = "SELECT FROM reports r WHERE r.charge_point_key = c.key AND r.error_code = {}"
        select.where(f"EXISTS ({reported})", filters.error_code)
    for flag, wanted in (("flapping", filters.flapping), ("stuck", filters.stuck)):
        if wanted is not None:
            select.where(f"c.{flag}" if wanted else f"NOT c.{flag}")  # so said, true has an index
    if filters.updated_since is not None:
        select.where("c.updated_at >= {}::timestamptz", filters.updated_since)


def _flag(expression: str, wanted: bool | None) -> Domain:
    return Domain(expression, "boolean", (False, True) if wanted is None else (wanted,), wanted is not None)


def _traits(filters: StationFilters) -> list[int]:
    """Those of all traits that a station can have which match."""
    wanted = sum({fleet.TRAITS[one] for one in filters.connectivity})
    return [
        traits
        for traits in range(fleet.INOPERATIVE * 2)
        if (not wanted or traits & wanted)
        and (filters.operative is None or filters.operative is not bool(traits & fleet.INOPERATIVE))
    ]


def _place(select: Select, filters: Filters) -> None:
    if filters.bbox is not None:
        select.inside(places.box(filters.bbox))
    if filters.near is not None:
        center, radius_m = places.point(filters.near), filters.radius_m or RADIUS_M
        select.near(center, radius_m, places.around(center, radius_m))
    elif filters.radius_m is not None:
        raise Invalid(FieldError("radius_m", "is the radius around near: give near, or leave it out"))


def _whole_station(row: Any) -> bytes:
    return served.station_change(row, row["charge_points"]).document or b""


def _station_item(row: Any) -> bytes:
    fields = {name: row[name] for name in _FIELDS}
    fields["counts"] = summed([row["counts"]])
    fields["connectivity_counts"] = served.in_order(row["connectivity_counts"])
    fields["since"] = instant.to_text(instant.from_datetime(row["status_since"]))
    fields["updated_at"] = instant.to_text(instant.from_datetime(row["updated_at"]))
    return msgspec.json.encode(StationItem(**fields))


def _charge_point(row: Any) -> bytes:
    return bytes(row["document"], "utf-8")
