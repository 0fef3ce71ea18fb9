"""What the network was, minute by minute: counted from history, once for each minute that is over.

A rollup keeps a row a minute (``series_minutes``); whoever asks for more goes on from the last one. Both are the counts
of one moment and what has moved since, so only charge points that moved cost anything.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, get_args

from shared.words.status import NORMALIZED, STATUSES, Connectivity

from .postgres import Connection

Move = tuple[bool, int, str, int]  #: of a connector (else a charge point's connectivity), step, value, how many

MINUTE_S = 60
BEFORE = -1  #: the step of what was so at the beginning

# $1 from, $2 to, $3 step (s), $4 keys or null for all, $5 and $6 words of chargers and ours.
# Each thing that is counted (a connector, or as 0.0 the connectivity of a charge point) has moves: at a moment to a
# value, to null when it is deleted. The first is what it was at `from`: its last line before, or where retention has
# dropped that, what still stands. A move takes one from the value before it and adds one to its own.
MOVES = """
    WITH scope AS MATERIALIZED (
        SELECT key, created_at, coalesce(deleted_at, 'infinity') AS deleted_at, connectivity, connectivity_since
        FROM charge_points
        WHERE created_at < $2 AND (deleted_at IS NULL OR deleted_at > $1) AND ($4::bigint[] IS NULL OR key = ANY($4))
    ), connectors AS MATERIALIZED (
        SELECT s.key, s.deleted_at, r.evse_id, r.connector_id, coalesce(h.value, still.value) AS value
        FROM scope s JOIN reports r ON r.charge_point_key = s.key AND r.connector_id > 0
        LEFT JOIN LATERAL (
            SELECT coalesce(normalized, 'UNKNOWN') AS value FROM history
            WHERE charge_point_key = s.key AND received_at < $1 AND kind = 'STATUS'
              AND evse_id = r.evse_id AND connector_id = r.connector_id AND NOT flags @> '{late}'
            ORDER BY received_at DESC, id DESC LIMIT 1
        ) h ON true
        LEFT JOIN LATERAL (
            SELECT coalesce((SELECT w.ours FROM unnest($5::text[], $6::text[]) w(theirs, ours)
                             WHERE w.theirs = r.reported), 'UNKNOWN') AS value
            WHERE h.value IS NULL AND r.since < $1
        ) still ON true
    ), moves AS (
        SELECT key, evse_id, connector_id, -1 AS rank, $1::timestamptz AS at, 0::bigint AS id, value
        FROM connectors WHERE value IS NOT NULL
        UNION ALL
        SELECT s.key, 0, 0, CASE WHEN s.created_at < $1 THEN -1 ELSE 0 END, greatest(s.created_at, $1), 0, coalesce(
            h.value, CASE WHEN s.connectivity_since < $1 THEN s.connectivity END, 'NEVER')
        FROM scope s LEFT JOIN LATERAL (
            SELECT reported AS value FROM history
            WHERE charge_point_key = s.key AND received_at < $1 AND kind = 'CONNECTIVITY'
            ORDER BY received_at DESC, id DESC LIMIT 1
        ) h ON true
        UNION ALL
        SELECT h.charge_point_key, CASE h.kind WHEN 'STATUS' THEN h.evse_id ELSE 0 END,
               CASE h.kind WHEN 'STATUS' THEN h.connector_id ELSE 0 END,
               1, least(greatest(h.received_at, s.created_at), s.deleted_at), h.id,
               CASE h.kind WHEN 'STATUS' THEN coalesce(h.normalized, 'UNKNOWN') ELSE h.reported END
        FROM history h JOIN scope s ON s.key = h.charge_point_key
        WHERE h.received_at >= $1 AND h.received_at < $2 AND h.kind IN ('STATUS', 'CONNECTIVITY')
          AND NOT h.flags @> '{late}'
        UNION ALL
        SELECT key, evse_id, connector_id, 2, deleted_at, 0, NULL FROM connectors WHERE deleted_at < $2
        UNION ALL
        SELECT key, 0, 0, 2, deleted_at, 0, NULL FROM scope WHERE deleted_at < $2
    ), steps AS (
        SELECT connector_id > 0 AS of_connector, value,
               CASE WHEN rank < 0 THEN -1 ELSE floor(extract(epoch FROM at - $1) / $3)::int END AS step,
               lag(value) OVER (PARTITION BY key, evse_id, connector_id ORDER BY rank, at, id) AS before
        FROM moves
    )
    SELECT of_connector, step, value, sum(n)::bigint AS n FROM (
        SELECT of_connector, step, value, 1 AS n FROM steps WHERE value IS NOT NULL
        UNION ALL SELECT of_connector, step, before, -1 FROM steps WHERE before IS NOT NULL
    ) d GROUP BY of_connector, step, value
"""


_ACTIVE = """
    SELECT charge_point_key AS key FROM history
    WHERE received_at >= $1 AND received_at < $2 AND kind IN ('STATUS', 'CONNECTIVITY') AND NOT flags @> '{late}'
    UNION SELECT key FROM charge_points WHERE deleted_at >= $1 AND deleted_at < $2
"""
_CREATED = "SELECT key FROM charge_points WHERE created_at >= $1 AND created_at < $2"
_NEW = "SELECT key FROM charge_points WHERE key > $1 AND created_at < $2"


class Counts(NamedTuple):
    """How many there are of each value, in the order in which they are served."""

    connectors: dict[str, int]
    charge_points: dict[str, int]

    @classmethod
    def none(cls) -> "Counts":
        """Of an empty network."""
        return cls(dict.fromkeys(STATUSES, 0), dict.fromkeys(get_args(Connectivity), 0))

    @classmethod
    def of(cls, row: Any) -> "Counts":
        """A minute that is kept."""
        ordered = cls.none()
        ordered.connectors.update(row["connectors"])
        ordered.charge_points.update(row["charge_points"])
        return ordered

    def copy(self) -> "Counts":
        """As they are now."""
        return Counts(dict(self.connectors), dict(self.charge_points))


async def moves(
    connection: Connection,
    start: datetime,
    end: datetime,
    step_s: int,
    keys: Sequence[int] | None,
    within_s: float | None = None,
) -> list[Move]:
    """What was so at the beginning, and what moved since, of these charge points or of all."""
    words = list(NORMALIZED), list(NORMALIZED.values())
    rows = await connection.fetch(MOVES, start, end, step_s, keys, *words, timeout=within_s)
    return [(row["of_connector"], row["step"], row["value"], row["n"]) for row in rows]


async def moved(connection: Connection, start: datetime, end: datetime, last_key: int | None = None) -> list[Move]:
    """What moved, by minutes from ``start``; of keys above ``last_key`` all counts, since nobody has counted them."""
    active = {row["key"] for row in await connection.fetch(_ACTIVE, start, end)}
    new: set[int] = set()
    if last_key is None:
        active |= {row["key"] for row in await connection.fetch(_CREATED, start, end)}
    else:
        new = {row["key"] for row in await connection.fetch(_NEW, last_key, end)}
    found: list[Move] = []
    if known := sorted(active - new):
        found += [move for move in await moves(connection, start, end, MINUTE_S, known) if move[1] != BEFORE]
    if new:
        found += await moves(connection, start, end, MINUTE_S, sorted(new))
    return found


def counts_at(before: Counts, found: Iterable[Move], steps: int) -> list[Counts]:
    """The counts at the end of each step, from those before and what moved. Pure."""
    now = before.copy()
    by_step: dict[int, list[Move]] = {}
    for move in found:
        by_step.setdefault(max(move[1], 0), []).append(move)
    made = []
    for step in range(steps):
        for of_connector, _, value, n in by_step.get(step, ()):
            counts: dict[str, Any] = now.connectors if of_connector else now.charge_points
            counts[value] += n
        made.append(now.copy())
    return made
