"""The whole network in columns, for boards: one query at a time, encoded and compressed once for all who ask."""

import asyncio
import functools
import gzip
import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from asyncpg import Record
from msgspec import Struct

from api.database import Database
from api.http.problems import Unavailable
from shared.stores import hot
from shared.stores.changes import Changes
from shared.words.status import HEALTHS, STATUSES

MOST = 20_000  #: stations; of a larger network those that need somebody
CACHED_S = 1
WITHIN_S = 8
WAIT_S = 10
START = "0-0"  #: the position before the first change

_INSTEAD = "reading the whole network takes too long just now: try again"
_PRESENCE = ("online", "offline", "never")
_WORST = "array_position('{DOWN,DEGRADED,UNKNOWN,OK}', s.health), array_position('{FAULTED,UNAVAILABLE}', s.status), "
# Columns made by Postgres: a row a station would cost Python ten times as much. What is rounded is 1 m on the ground.
_COLUMNS = f"""
    SELECT array_agg(id) AS id, array_agg(name) AS name, array_agg(latitude) AS latitude,
           array_agg(longitude) AS longitude, array_agg(status) AS status, array_agg(health) AS health,
           array_agg(offline + online + never) AS charge_points, array_agg(offline) AS offline,
           array_agg(since) AS since,
           {", ".join(f"array_agg(coalesce((counts->>'{one}')::int, 0)) AS {one}" for one in STATUSES)}
    FROM (
        SELECT s.id, s.name, round(s.latitude * 1e5) / 1e5 AS latitude, round(s.longitude * 1e5) / 1e5 AS longitude,
               array_position($1::text[], s.status) - 1 AS status, array_position($2::text[], s.health) - 1 AS health,
               {", ".join(f"coalesce((connectivity_counts->>'{one.upper()}')::int, 0) AS {one}" for one in _PRESENCE)},
               floor(extract(epoch FROM s.status_since))::bigint AS since, s.counts
        FROM stations s WHERE s.deleted_at IS NULL ORDER BY {{order}}s.id COLLATE "C" LIMIT $3
    ) one
"""  # noqa: S608
_TOTAL = "SELECT count(*) FROM stations WHERE deleted_at IS NULL"


class Board(Struct, frozen=True):
    """The answer as bytes; ``etag`` stays as long as the stream does."""

    etag: str
    stream: str
    body: bytes
    zipped: bytes


class Snapshot:
    """The network of now, or of up to a second ago; ``clock`` is monotonic (s), ``now`` ms since 1970."""

    def __init__(
        self,
        database: Database,
        changes: Changes,
        clock: Callable[[], float],
        now: Callable[[], int],
        most: int = MOST,
    ) -> None:
        self._database = database
        self._changes = changes
        self._clock = clock
        self._now = now
        self._most = most
        self._one_at_a_time = asyncio.Lock()
        self._stale_at = -1.0
        self._read: Callable[[bool], Board] = functools.partial(encoded, None, "", 0, 0)
        self._boards: dict[bool, Board] = {}

    async def board(self, *, place: bool = True) -> Board:
        """What ``GET /v1/board`` serves, with the places of the stations or without.

        Raises:
            Unavailable: Postgres is away, or too many wait for it.
        """
        try:
            async with asyncio.timeout(WAIT_S), self._one_at_a_time:
                if self._clock() >= self._stale_at:
                    self._read, self._boards = await self._reading(), {}
                    self._stale_at = self._clock() + CACHED_S
                if place not in self._boards:
                    self._boards[place] = await asyncio.to_thread(self._read, place)
                return self._boards[place]
        except TimeoutError as error:
            raise Unavailable(_INSTEAD, headers={"Retry-After": "5"}) from error

    async def _reading(self) -> Callable[[bool], Board]:
        # Before the rows: a change in between is told again, and the last one that is told counts.
        try:
            stream = await self._changes.newest() or START
        except hot.AWAY:
            stream = ""  # a stream from there begins with a reset
        async with self._database.reading(WITHIN_S, _INSTEAD) as connection:
            total = await connection.fetchval(_TOTAL)
            query = _COLUMNS.format(order=_WORST if total > self._most else "")
            row = await connection.fetchrow(query, list(STATUSES), list(HEALTHS), self._most)
        return functools.partial(encoded, row, stream, total, self._now())


def encoded(row: Record | None, stream: str, total: int, at: int, place: bool) -> Board:
    """The columns as JSON. Pure."""
    given = dict(row or {})
    columns: dict[str, Any] = {name: given.get(name) or [] for name in _NAMES if place or name not in _PLACE}
    columns["counts"] = [given.get(status.lower()) or [] for status in STATUSES]
    stations = msgspec.json.encode(columns)
    body = msgspec.json.encode(
        {
            "stream": stream,
            "at": at,
            "total": total,
            "legend": {"status": STATUSES, "health": HEALTHS},
            "stations": msgspec.Raw(stations),
        }
    )
    # With the id: who is told that nothing changed goes on from the one it holds, which must still be there.
    etag = hashlib.blake2s(b"%b %d %b" % (stream.encode(), total, stations), digest_size=12).hexdigest()
    return Board(f'"{etag}"', stream, body, gzip.compress(body, 6, mtime=0))


_PLACE = ("latitude", "longitude")
_NAMES = ("id", "name", *_PLACE, "status", "health", "charge_points", "offline", "since")
