"""The list of what was changed, and by whom, newest first."""

from typing import Any

from api.database import Database
from api.http import pages
from api.http.pages import Page
from shared.words import instant

from .answers import AuditEntry
from .inputs import AuditFilters

WITHIN_S = 3
_INSTEAD = "finding these entries takes too long: ask for a time (from, to), or for one station or charge point"
_LIST = """
    SELECT id, at, actor, action, station_id, charge_point_id, before, after, request_id FROM audit
    WHERE ($1::bigint IS NULL OR id < $1)
      AND ($2::text IS NULL OR station_id = ANY(ARRAY(
              SELECT id FROM stations WHERE folded_id = lower($2) AND deleted_at IS NULL
              UNION SELECT id FROM stations WHERE folded_id = lower($2) AND deleted_at IS NOT NULL)))
      AND ($3::text IS NULL OR charge_point_id = ANY(ARRAY(
              SELECT id FROM charge_points WHERE folded_id = lower($3) AND deleted_at IS NULL
              UNION SELECT id FROM charge_points WHERE folded_id = lower($3) AND deleted_at IS NOT NULL)))
      AND ($4::text IS NULL OR actor = $4)
      AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
    ORDER BY id DESC LIMIT $7
"""


class Audit:
    """The list of entries. May raise ``Unavailable``, ``TooSlow``, and ``Invalid`` for a cursor that is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, filters: AuditFilters) -> Page[AuditEntry]:
        """Entries, newest first."""
        async with self._database.reading(WITHIN_S, _INSTEAD) as connection:
            rows = await connection.fetch(
                _LIST,
                pages.decode_number("a", filters.cursor),
                filters.station_id,
                filters.charge_point_id,
                filters.actor,
                filters.from_,
                filters.to,
                filters.limit + 1,
            )
        shown = rows[: filters.limit]
        return Page(
            items=[_item(row) for row in shown],
            next_cursor=pages.encode("a", str(shown[-1]["id"])) if len(rows) > len(shown) else None,
        )


def _item(row: Any) -> AuditEntry:
    return AuditEntry(**dict(row) | {"at": instant.to_text(instant.from_datetime(row["at"]))})
