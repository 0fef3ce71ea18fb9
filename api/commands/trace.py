"""The trace of a charge point: switched on in its row, which its gateway hears of; its frames come from Redis."""

import logging
from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record
from redis.asyncio import Redis

from api.database import Database
from api.http import ids
from api.http.access import Author
from api.http.problems import NotFound, Unavailable
from api.inventory import trail as audit
from api.inventory.trail import Entry
from shared.stores import fleet, hot, traces
from shared.words import instant

_SWITCH = """
    UPDATE charge_points c SET trace_until = CASE WHEN $2 THEN now() + make_interval(secs => $3) END
    WHERE folded_id = lower($1) AND deleted_at IS NULL
    RETURNING key, id, trace_until, (SELECT id FROM stations s WHERE s.key = c.station_key) AS station_id
"""
_READ = """
    SELECT key, CASE WHEN trace_until > now() THEN trace_until END AS trace_until
    FROM charge_points WHERE folded_id = lower($1) AND deleted_at IS NULL
"""

log = logging.getLogger("plugwatch.api")


class Tracing:
    """Switches traces and reads them. Every method may raise ``Unavailable`` and ``NotFound``."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self._database = database
        self._redis = redis

    async def switch(self, author: Author, charge_point_id: str, enabled: bool) -> bytes:
        """On for an hour from now, or off; what has been traced stays until it is forgotten."""
        async with self._database.connection() as connection, connection.transaction():
            row = _there(
                await connection.fetchrow(_SWITCH, charge_point_id, enabled, float(traces.MAX_S))
                if ids.is_charge_point(charge_point_id)
                else None
            )
            entry = Entry("charge_point.traced", row["station_id"], row["id"], None, {"enabled": enabled})
            await audit.record(connection, author, [entry])
            await fleet.announce(connection, [row["key"]])
        return msgspec.json.encode(_state(row["trace_until"]))

    async def read(self, charge_point_id: str) -> bytes:
        """Whether it is traced, and its newest frames, newest first."""
        async with self._database.connection() as connection:
            row = _there(
                await connection.fetchrow(_READ, charge_point_id) if ids.is_charge_point(charge_point_id) else None
            )
        try:
            frames = await traces.newest(self._redis, row["key"])
        except hot.AWAY as error:
            log.warning("Redis is away: traces cannot be read", extra={"error": repr(error)})
            raise Unavailable("traces are in Redis, which is away: try again", headers={"Retry-After": "1"}) from error
        return msgspec.json.encode(_state(row["trace_until"]) | {"frames": [msgspec.Raw(frame) for frame in frames]})


def _there(row: Record | None) -> Record:
    if row is None:
        raise NotFound("there is no charge point with this id: GET /v1/charge-points lists those there are")
    return row


def _state(until: datetime | None) -> dict[str, Any]:
    shown = None if until is None else instant.to_text(instant.from_datetime(until))
    return {"enabled": until is not None, "until": shown}
