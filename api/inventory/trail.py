"""Who changed what: a row for each change, written in the change's own transaction, and the list of them.

Never a password or a hash of one: only that it was set or removed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from api.commands.inputs import AuditFilters
from api.database import Database
from api.http import cursors
from api.http.access import Author
from api.stations.lists import Page
from shared.stores.postgres import Connection
from shared.words import instant

_RECORD = """
    INSERT INTO audit (actor, request_id, action, station_id, charge_point_id, before, after)
    SELECT $1, $2, n.action, n.station_id, n.charge_point_id, n.before::jsonb, n.after::jsonb
    FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) WITH ORDINALITY
         AS n(action, station_id, charge_point_id, before, after, number)
    ORDER BY n.number
"""
_LIST = """
    SELECT id, at, actor, action, station_id, charge_point_id, before, after, request_id FROM audit
    WHERE ($1::bigint IS NULL OR id < $1)
      AND ($2::text IS NULL OR station_id = $2)
      AND ($3::text IS NULL OR charge_point_id = ANY(ARRAY(
              SELECT id FROM charge_points WHERE folded_id = lower($3) AND deleted_at IS NULL
              UNION SELECT id FROM charge_points WHERE folded_id = lower($3) AND deleted_at IS NOT NULL)))
      AND ($4::text IS NULL OR actor = $4)
      AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
    ORDER BY id DESC LIMIT $7
"""

Facts = Mapping[str, Any]


class Entry(NamedTuple):
    """One change, or one command."""

    action: str
    station_id: str | None
    charge_point_id: str | None
    before: Facts | None
    after: Facts | None


async def record(connection: Connection, author: Author, entries: Sequence[Entry]) -> None:
    """Writes the entries down, in the transaction that the connection is in."""
    if entries:
        rows = [(*entry[:3], _json(entry.before), _json(entry.after)) for entry in entries]
        await connection.execute(_RECORD, author.actor, author.request_id, *zip(*rows, strict=True))


class Audit:
    """The list of entries. May raise ``Unavailable``, and ``Invalid`` for a cursor that is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, filters: AuditFilters) -> Page:
        """Entries, newest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                _LIST,
                cursors.decode_number("a", filters.cursor),
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
            next_cursor=cursors.encode("a", str(shown[-1]["id"])) if len(rows) > len(shown) else None,
        )


def _item(row: Any) -> msgspec.Raw:
    fields = dict(row)
    fields["at"] = instant.to_text(instant.from_datetime(row["at"]))
    return msgspec.Raw(msgspec.json.encode(fields))


def _json(facts: Facts | None) -> str | None:
    return None if facts is None else msgspec.json.encode(facts).decode()
