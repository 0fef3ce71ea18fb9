"""History of the whole network: what broke last night, in one request. Newest first, as ``lines`` has it."""

from api.database import Database
from api.http.pages import Page
from shared.words.status import STATUSES

from .answers import HistoryLine
from .inputs import NetworkFilters
from .lines import Conditions, line, page

WITHIN_S = 10
_INSTEAD = "this search takes too long: ask for a shorter time (from, to), or for a status"

# Each status is a probe of an index that has its lines in order. What has none: connectivity, and unknown words.
_ONE = """
    (SELECT h.*, c.id AS charge_point_id, c.station_key
     FROM history h JOIN charge_points c ON c.key = h.charge_point_key
     WHERE c.deleted_at IS NULL AND {normalized} {conditions} ORDER BY h.received_at DESC, h.id DESC LIMIT {limit})
"""
_LINES = """
    SELECT n.*, s.id AS station_id FROM ({probes}) n LEFT JOIN stations s ON s.key = n.station_key
    ORDER BY n.received_at DESC, n.id DESC LIMIT {limit}
"""


class NetworkHistory:
    """May raise ``Unavailable``, and ``Invalid`` for a cursor that is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, filters: NetworkFilters) -> Page[HistoryLine]:
        """Lines of all charge points that there are."""
        limit = filters.limit + 1
        where = Conditions()
        where.of(filters)
        if filters.reported:
            where.add("h.reported = ANY({}::text[])", filters.reported)
        if filters.error_code is not None:
            where.add("h.error_code = {}", filters.error_code)
        wanted = [f"h.normalized = '{status}'" for status in filters.status or STATUSES]
        if not filters.status:
            wanted.append("h.normalized IS NULL")
        probes = [_ONE.format(normalized=one, conditions=where, limit=limit) for one in wanted]
        statement = _LINES.format(probes=" UNION ALL ".join(probes), limit=limit)
        async with self._database.reading(WITHIN_S, _INSTEAD) as connection:
            rows = await connection.fetch(statement, *where.arguments)
        return page(rows, filters.limit, lambda row: line(row, row["charge_point_id"], station_id=row["station_id"]))
