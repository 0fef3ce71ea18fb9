"""Who changed what: a row for each change, written in the change's own transaction, at its end.

Ids and times go up in the order of commits, so who follows them by id misses nothing.

Never a password or a hash of one: only that it was set or removed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from api.http.access import Author
from shared.stores.postgres import Connection

_RECORD = """
    INSERT INTO audit (actor, request_id, action, station_id, charge_point_id, before, after)
    SELECT $1, $2, n.action, n.station_id, n.charge_point_id, n.before::jsonb, n.after::jsonb
    FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) WITH ORDINALITY
         AS n(action, station_id, charge_point_id, before, after, number)
    ORDER BY n.number
"""

#: Until the commit, which is next: an id that is seen has no smaller one to come.
_IN_ORDER = "SELECT pg_advisory_xact_lock(hashtext('plugwatch audit'))"

Facts = Mapping[str, Any]


class Entry(NamedTuple):
    """One change, or one command."""

    action: str
    station_id: str | None
    charge_point_id: str | None
    before: Facts | None
    after: Facts | None


async def record(connection: Connection, author: Author, entries: Sequence[Entry]) -> None:
    """Writes the entries down, as the last thing in the transaction that the connection is in."""
    if entries:
        await connection.execute(_IN_ORDER)
        rows = [(*entry[:3], _json(entry.before), _json(entry.after)) for entry in entries]
        await connection.execute(_RECORD, author.actor, author.request_id, *zip(*rows, strict=True))


def _json(facts: Facts | None) -> str | None:
    return None if facts is None else msgspec.json.encode(facts).decode()
