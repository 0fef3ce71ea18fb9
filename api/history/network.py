"""History of the whole network: what broke last night, in one request. Newest first, as ``lines`` has it."""

from typing import get_args

from api.database import Database
from api.http.pages import Page
from shared.words.status import STATUSES

from .answers import HistoryLine
from .inputs import HistoryKind, NetworkFilters
from .lines import Conditions, line, page

WITHIN_S = 10
_INSTEAD = "this search takes too long: ask for a shorter time (from, to), or for a status"

# Each kind and status is a probe of an index that has its lines in order. What has no status: connectivity, and words
# that are unknown to us.
_PROBES = """
    SELECT n.* FROM {wanted} CROSS JOIN LATERAL (
        SELECT h.*, c.id AS charge_point_id, c.station_key
        FROM history h JOIN charge_points c ON c.key = h.charge_point_key
        WHERE c.deleted_at IS NULL AND h.kind = k.kind AND {has} {conditions}
        ORDER BY h.received_at DESC, h.id DESC LIMIT {limit}
    ) n
"""
_LINES = """
    SELECT n.*, s.id AS station_id FROM ({probes}) n LEFT JOIN stations s ON s.key = n.station_key
    ORDER BY n.received_at DESC, n.id DESC LIMIT {limit}
"""
_WANTED = (
    ("unnest($1::text[]) AS k(kind)", "h.normalized IS NULL"),
    ("unnest($2::text[]) AS k(kind) CROSS JOIN unnest($3::text[]) AS d(status)", "h.normalized = d.status"),
)


class NetworkHistory:
    """May raise ``Unavailable``, and ``Invalid`` for a cursor that is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, filters: NetworkFilters) -> Page[HistoryLine]:
        """Lines of all charge points that there are."""
        limit = filters.limit + 1
        kinds = filters.kind or list(get_args(HistoryKind))
        without_status = [] if filters.status else kinds
        where = Conditions(
            without_status, [kind for kind in kinds if kind != "CONNECTIVITY"], filters.status or STATUSES
        )
        where.of(filters)
        if filters.reported:
            where.add("h.reported = ANY({}::text[])", filters.reported)
        if filters.error_code is not None:
            where.add("h.error_code = {}", filters.error_code)
        probes = " UNION ALL ".join(_PROBES.format(wanted=w, has=h, conditions=where, limit=limit) for w, h in _WANTED)
        statement = _LINES.format(probes=probes, limit=limit)
        async with self._database.reading(WITHIN_S, _INSTEAD) as connection:
            rows = await connection.fetch(statement, *where.arguments)
        return page(rows, filters.limit, lambda row: line(row, row["charge_point_id"], station_id=row["station_id"]))
