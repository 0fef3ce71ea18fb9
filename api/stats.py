"""The whole network in numbers: aggregated in Postgres, by one query at a time, at most once a second."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, get_args

import msgspec

from api.database import Database
from api.errors import Unavailable
from shared.status import STATUSES, Connectivity, Health

CACHED_S = 1
WAIT_S = 10

_AGGREGATE = """
    SELECT 'stations' AS what, 'status' AS axis, status AS value, count(*) AS n
    FROM stations WHERE deleted_at IS NULL GROUP BY status
    UNION ALL SELECT 'stations', 'health', health, count(*)
    FROM stations WHERE deleted_at IS NULL GROUP BY health
    UNION ALL SELECT 'charge_points', 'status', status, count(*)
    FROM charge_points WHERE deleted_at IS NULL GROUP BY status
    UNION ALL SELECT 'charge_points', 'health', health, count(*)
    FROM charge_points WHERE deleted_at IS NULL GROUP BY health
    UNION ALL SELECT 'charge_points', 'connectivity', connectivity, count(*)
    FROM charge_points WHERE deleted_at IS NULL GROUP BY connectivity
    UNION ALL SELECT 'evses', 'status', c.key, sum(c.value::bigint)::bigint
    FROM charge_points, jsonb_each_text(evse_counts) c WHERE deleted_at IS NULL GROUP BY c.key
    UNION ALL SELECT 'connectors', 'status', c.key, sum(c.value::bigint)::bigint
    FROM charge_points, jsonb_each_text(connector_counts) c WHERE deleted_at IS NULL GROUP BY c.key
"""
_AXES = {"status": STATUSES, "health": get_args(Health), "connectivity": get_args(Connectivity)}
_SHAPE = {
    "stations": ("status", "health"),
    "charge_points": ("status", "health", "connectivity"),
    "evses": ("status",),
    "connectors": ("status",),
}


class Stats:
    """The numbers of now, or of up to a second ago; ``clock`` is monotonic (s)."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._stale_at = -1.0
        self._document = b""

    async def document(self) -> bytes:
        """The document that ``GET /v1/stats`` serves.

        Raises:
            Unavailable: Postgres is away, or too many wait for it.
        """
        try:
            async with asyncio.timeout(WAIT_S), self._one_at_a_time:
                if self._clock() >= self._stale_at:
                    async with self._database.connection() as connection:
                        rows = await connection.fetch(_AGGREGATE)
                    self._document = msgspec.json.encode(
                        shaped((row["what"], row["axis"], row["value"], row["n"]) for row in rows)
                    )
                    self._stale_at = self._clock() + CACHED_S
                return self._document
        except TimeoutError as error:
            raise Unavailable("counting takes too long just now: try again", headers={"Retry-After": "5"}) from error


def shaped(counted: Iterable[tuple[str, str, str, int]]) -> dict[str, Any]:
    """``(what, axis, value, n)`` as the document, with a 0 for everything that was not counted. Pure."""
    found = {(what, axis, value): n for what, axis, value, n in counted}
    return {
        what: {"total": sum(n for (of, axis, _), n in found.items() if (of, axis) == (what, "status"))}
        | {axis: {value: found.get((what, axis, value), 0) for value in _AXES[axis]} for axis in axes}
        for what, axes in _SHAPE.items()
    }
