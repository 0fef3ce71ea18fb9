"""The list of connectors from Postgres, by charge point, EVSE and connector."""

from typing import Any

import msgspec

from api.database import Database
from api.http import pages
from api.http.pages import Page
from shared.words import instant
from shared.words.status import NORMALIZED, STATUSES

from .answers import ListedConnector
from .inputs import ConnectorFilters

WITHIN_S = 5
_INSTEAD = "this search takes too long: ask for one station, or for fewer statuses"

_WHERE = """
    r.charge_point_key = c.key AND r.connector_id > 0 AND coalesce(r.status, 'UNKNOWN') = ANY($1::text[])
    AND ($2::text IS NULL OR r.error_code = $2) {flags}
"""
_OF_STATION = "c.station_key = (SELECT key FROM stations WHERE folded_id = lower($4) AND deleted_at IS NULL)"
# Each combination of statuses that has one of those wanted is a probe of an index that has them in order. Every charge
# point that is found has a connector to show, the one at which the page before ended perhaps none.
_PAGE = """
    WITH found AS (
        SELECT n.* FROM unnest($3::int[]) AS d(statuses) CROSS JOIN LATERAL (
            SELECT c.key, c.id, c.folded_id, c.station_key FROM charge_points c
            WHERE plugwatch_statuses(c.connector_counts) = d.statuses AND c.deleted_at IS NULL AND {of_station}
              AND c.folded_id >= $5 AND EXISTS (SELECT FROM reports r WHERE {where})
            ORDER BY c.folded_id LIMIT {limit} + 1
        ) n ORDER BY n.folded_id LIMIT {limit} + 1
    )
    SELECT c.id, c.folded_id, s.id AS station_id, r.* FROM found c
    JOIN reports r ON {where} LEFT JOIN stations s ON s.key = c.station_key
    WHERE (c.folded_id, r.evse_id, r.connector_id) > ($5, $6::int, $7::int)
    ORDER BY c.folded_id, r.evse_id, r.connector_id LIMIT {limit}
"""
# An error is rare, and so is a flag: its connectors are looked up and sorted.
_RARE = """
    SELECT c.id, c.folded_id, s.id AS station_id, r.* FROM charge_points c
    JOIN reports r ON {where} LEFT JOIN stations s ON s.key = c.station_key
    WHERE {rare} AND plugwatch_statuses(c.connector_counts) = ANY($3::int[])
      AND c.deleted_at IS NULL AND {of_station} AND (c.folded_id, r.evse_id, r.connector_id) > ($5, $6::int, $7::int)
    ORDER BY c.folded_id, r.evse_id, r.connector_id LIMIT {limit}
"""
_COUNT = """
    SELECT count(*) FROM charge_points c JOIN reports r ON {where}
    WHERE c.deleted_at IS NULL AND plugwatch_statuses(c.connector_counts) = ANY($3::int[]) AND {of_station}
"""


class Connectors:
    """All connectors. May raise ``Unavailable``, and ``Invalid`` for a cursor that is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, filters: ConnectorFilters) -> Page[ListedConnector]:
        """Connectors by charge point, EVSE and number."""
        wanted = filters.status or list(STATUSES)
        of_station = _OF_STATION if filters.station_id is not None else "$4::text IS NULL"
        given = [wanted, filters.error_code, _masks(wanted), filters.station_id]
        where, rare = _WHERE.format(flags=_flags(filters)), _rare(filters)
        page = (_RARE if rare else _PAGE).format(
            where=where, of_station=of_station, rare=" AND ".join(rare), limit=filters.limit + 1
        )
        async with self._database.reading(WITHIN_S, _INSTEAD) as connection:
            rows = await connection.fetch(page, *given, *_position(filters.cursor))
            total: int | msgspec.UnsetType = msgspec.UNSET
            if filters.count:
                total = await connection.fetchval(_COUNT.format(where=where, of_station=of_station), *given)
        shown = rows[: filters.limit]
        next_cursor = None
        if len(rows) > len(shown):
            last = shown[-1]
            next_cursor = pages.encode("k", f"{last['evse_id']}:{last['connector_id']}:{last['folded_id']}")
        return Page([_item(row) for row in shown], next_cursor, total)


def _flags(filters: ConnectorFilters) -> str:
    wanted = (("r.flapping", filters.flapping), ("r.stuck", filters.stuck))
    return "".join(f" AND {flag} IS {is_up}" for flag, is_up in wanted if is_up is not None)


def _rare(filters: ConnectorFilters) -> list[str]:
    """Conditions of few rows, each of an index."""
    wanted = {
        "r.error_code <> 'NoError'": filters.error_code not in (None, "NoError"),
        "c.flapping": filters.flapping,
        "c.stuck": filters.stuck,
    }
    return [condition for condition, is_wanted in wanted.items() if is_wanted]


def _masks(wanted: list[Any]) -> list[int]:
    """Those of all combinations of statuses that have one of these."""
    bits = sum(1 << STATUSES.index(status) for status in wanted)
    return [mask for mask in range(1, 1 << len(STATUSES)) if mask & bits]


def _position(cursor: str | None) -> tuple[str, int, int]:
    """The last connector of the page before: its charge point's folded id, its EVSE and its number."""
    if cursor is None:
        return "", 0, 0
    evse_id, _, rest = pages.decode("k", cursor).partition(":")
    connector_id, colon, folded_id = rest.partition(":")
    if not (colon and evse_id.isdecimal() and connector_id.isdecimal() and max(len(evse_id), len(connector_id)) <= 5):
        raise pages.refused()
    return folded_id, int(evse_id), int(connector_id)


def _item(row: Any) -> ListedConnector:
    return ListedConnector(
        station_id=row["station_id"],
        charge_point_id=row["id"],
        evse_id=row["evse_id"],
        connector_id=row["connector_id"],
        reported=row["reported"],
        normalized=NORMALIZED.get(row["reported"], "UNKNOWN"),
        status=row["status"] or "UNKNOWN",
        reason=row["reason"],
        error_code=row["error_code"],
        vendor_error_code=row["vendor_error_code"],
        vendor_id=row["vendor_id"],
        info=row["info"],
        since=_text(row["status_since"]),
        reported_at=_text(row["reported_at"]),
        received_at=instant.to_text(instant.from_datetime(row["received_at"])),
        flapping=row["flapping"],
        stuck=row["stuck"],
    )


def _text(moment: Any) -> str | None:
    return None if moment is None else instant.to_text(instant.from_datetime(moment))
