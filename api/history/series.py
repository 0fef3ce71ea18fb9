"""The network over time, for charts: counted from history in Postgres, one query at a time.

What is counted at a moment is what was known then: lines by the time they were received, so a past
point never changes. A connector counts with the last word it said itself (an OFFLINE charge point's
too), from its first line until its charge point is deleted; a word that is none of ours is UNKNOWN.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, get_args

import msgspec

from api.database import Database
from api.http.problems import FieldError, Invalid, NotFound, TooSlow
from shared.stores.postgres import Connection
from shared.words import instant
from shared.words.status import NORMALIZED, STATUSES, Connectivity

from .answers import SeriesDocument, SeriesPoint
from .inputs import SeriesFilters

MAX_POINTS = 1000
WITHIN_S = 20
WAIT_S = 25
_INSTEAD = "counting this takes too long: ask for a shorter time, or for one station"

_CHARGE_POINT = "SELECT key FROM charge_points WHERE folded_id = lower($1) AND deleted_at IS NULL"
_STATION = "SELECT key FROM stations WHERE folded_id = lower($1) AND deleted_at IS NULL"
_MEMBERS = "SELECT key FROM charge_points WHERE station_key = $1 AND deleted_at IS NULL"

# $1 from, $2 to, $3 step (s), $4 keys or null for all, $5 and $6 words of chargers and ours.
# Each thing that is counted (a connector, or as 0.0 the connectivity of a charge point) has moves: at a moment to a
# value, to null when it is deleted. The first is what it was at `from`: its last line before, or where retention has
# dropped that, what still stands. A move takes one from the value before it and adds one to its own.
_MOVES = """
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
        SELECT key, evse_id, connector_id, 0 AS rank, $1::timestamptz AS at, 0::bigint AS id, value
        FROM connectors WHERE value IS NOT NULL
        UNION ALL
        SELECT s.key, 0, 0, 0, greatest(s.created_at, $1), 0, coalesce(
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
        SELECT connector_id > 0 AS of_connector, floor(extract(epoch FROM at - $1) / $3)::int AS step, value,
               lag(value) OVER (PARTITION BY key, evse_id, connector_id ORDER BY rank, at, id) AS before
        FROM moves
    )
    SELECT of_connector, step, value, sum(n)::bigint AS n FROM (
        SELECT of_connector, step, value, 1 AS n FROM steps WHERE value IS NOT NULL
        UNION ALL SELECT of_connector, step, before, -1 FROM steps WHERE before IS NOT NULL
    ) d GROUP BY of_connector, step, value
"""


class Series:
    """Counts over time; ``now`` is ms since the epoch."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now
        self._one_at_a_time = asyncio.Lock()

    async def document(self, filters: SeriesFilters) -> bytes:
        """The document that ``GET /v1/stats/series`` serves.

        Raises:
            Invalid: the time is none, or has too many steps.
            NotFound: there is no such station or charge point.
            Unavailable: Postgres is away.
            TooSlow.
        """
        start, end, ends = times(filters, instant.to_datetime(self._now()))
        try:
            async with (
                asyncio.timeout(WAIT_S),
                self._one_at_a_time,
                self._database.reading(WITHIN_S, _INSTEAD) as connection,
            ):
                keys = await _keys(connection, filters)
                await connection.execute("SET LOCAL work_mem = '128MB'")
                moves = await connection.fetch(
                    _MOVES, start, end, filters.step, keys, list(NORMALIZED), list(NORMALIZED.values())
                )
        except TimeoutError as error:
            raise TooSlow(_INSTEAD, headers={"Retry-After": "5"}) from error
        return msgspec.json.encode(
            SeriesDocument(
                from_=instant.to_text(instant.from_datetime(start)),
                to=instant.to_text(instant.from_datetime(end)),
                step_s=filters.step,
                points=points(ends, ((row["of_connector"], row["step"], row["value"], row["n"]) for row in moves)),
            )
        )


def times(filters: SeriesFilters, now: datetime) -> tuple[datetime, datetime, list[datetime]]:
    """Where the series begins and ends, and the end of each of its steps. Pure.

    Raises:
        Invalid: that is no time, one that has not come yet, or too many steps.
    """
    end = now if filters.to is None else min(filters.to, now)
    step = timedelta(seconds=filters.step)
    try:
        start = end - timedelta(days=1) if filters.from_ is None else filters.from_
    except OverflowError:
        start = end
    if start >= end:
        field = "to" if filters.from_ is None or (filters.to is not None and filters.to <= start) else "from"
        raise Invalid(FieldError(field, "from must be before to, and before now"))
    n = -(-(end - start) // step)
    if n > MAX_POINTS:
        raise Invalid(FieldError("step", f"these are {n} steps, and {MAX_POINTS} are the most: take a longer one"))
    return start, end, [min(start + step * number, end) for number in range(1, n + 1)]


def points(ends: Sequence[datetime], moves: Iterable[tuple[bool, int, str, int]]) -> list[SeriesPoint]:
    """What there is at the end of each step, from ``(of a connector, step, value, change)``. Pure."""
    connectors: dict[Any, int] = dict.fromkeys(STATUSES, 0)
    charge_points: dict[Any, int] = dict.fromkeys(get_args(Connectivity), 0)
    changes: dict[int, list[tuple[dict[Any, int], str, int]]] = {}
    for of_connector, step, value, change in moves:
        changes.setdefault(step, []).append((connectors if of_connector else charge_points, value, change))
    made = []
    for step, end in enumerate(ends):
        for counts, value, change in changes.get(step, ()):
            counts[value] += change
        at = instant.to_text(instant.from_datetime(end))
        made.append(SeriesPoint(at, dict(connectors), dict(charge_points)))
    return made


async def _keys(connection: Connection, filters: SeriesFilters) -> list[int] | None:
    """The charge points meant; None: all."""
    if filters.charge_point_id is not None and filters.station_id is not None:
        raise Invalid(FieldError("charge_point_id", "goes without station_id: give one of them"))
    if filters.charge_point_id is not None:
        key = await connection.fetchval(_CHARGE_POINT, filters.charge_point_id)
        if key is None:
            raise NotFound("there is no charge point with this id: GET /v1/charge-points lists those there are")
        return [key]
    if filters.station_id is not None:
        key = await connection.fetchval(_STATION, filters.station_id)
        if key is None:
            raise NotFound("there is no station with this id: GET /v1/stations lists those there are")
        return [row["key"] for row in await connection.fetch(_MEMBERS, key)]
    return None
