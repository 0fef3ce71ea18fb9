"""One document by its id: from memory, Redis, or, while that is away, stale or lacks it, Postgres. The same bytes.

What Redis has is better than nothing: with Postgres away, too, it is given with its age.
"""

from collections.abc import Awaitable, Callable

from msgspec import structs

from api.database import Database
from api.http import ids
from api.http.problems import NotFound, Unavailable
from api.memory import Memory, Reading
from api.metrics import Metrics
from shared.stores import hot, served
from shared.stores.hot import Hot

from .hot_reads import HotReads

# One statement, so that a station and its charge points are of one moment.
_STATION = """
    SELECT s.*, ARRAY(SELECT c.document FROM charge_points c
                      WHERE c.station_key = s.key AND c.deleted_at IS NULL ORDER BY c.folded_id) AS charge_points
    FROM stations s WHERE s.folded_id = lower($1) AND s.deleted_at IS NULL
"""
_CHARGE_POINT = """
    SELECT c.id, s.id AS station_id, c.version, c.revision, c.document, c.deleted_at
    FROM charge_points c LEFT JOIN stations s ON s.key = c.station_key
    WHERE c.folded_id = lower($1) AND c.deleted_at IS NULL
"""


PAUSE_S = 1


class Documents:
    """Reads finished documents."""

    def __init__(
        self, reads: HotReads, memory: Memory, database: Database, metrics: Metrics, clock: Callable[[], float]
    ) -> None:
        """``clock`` is monotonic (s)."""
        self._reads = reads
        self._memory = memory
        self._database = database
        self._metrics = metrics
        self._clock = clock
        self._ask_at = 0.0  #: until then Postgres is left alone, where Redis has at least something

    async def station(self, station_id: str) -> Hot:
        """The station's document and its entity tag.

        Raises:
            NotFound: there is no such station.
            Unavailable: Redis cannot say, and Postgres is away.
        """
        found = None
        if ids.is_station(station_id):
            found = await self._found(hot.station_key(station_id), self._stored_station, station_id)
        if found is None or found.document is None:
            raise NotFound("there is no station with this id: GET /v1/stations lists those there are")
        return found

    async def charge_point(self, charge_point_id: str) -> Hot:
        """The charge point's document and its entity tag; the id matches case-insensitively.

        Raises:
            NotFound: there is no such charge point.
            Unavailable: Redis cannot say, and Postgres is away.
        """
        found = None
        if ids.is_charge_point(charge_point_id):
            found = await self._found(hot.charge_point_key(charge_point_id), self._stored_charge_point, charge_point_id)
        if found is None or found.document is None:
            raise NotFound("there is no charge point with this id: GET /v1/charge-points lists those there are")
        return found

    async def _found(self, key: str, stored: Callable[[str], Awaitable[Hot | None]], id_: str) -> Hot | None:
        kept = self._memory.find(key)
        if kept is not None:
            self._metrics.reads_memory.inc()
            return kept.document
        reading = self._memory.begin(key)
        try:
            return await self._read(key, reading, stored, id_)
        finally:
            self._memory.end(key, reading)

    async def _read(
        self, key: str, reading: Reading, stored: Callable[[str], Awaitable[Hot | None]], id_: str
    ) -> Hot | None:
        copied = await self._reads.read(key)
        if copied is not None and copied.age_s is None:
            if copied.revision >= reading.least:
                self._memory.keep(key, reading, copied)
                self._metrics.reads_hot.inc()
                return copied
            copied = structs.replace(copied, age_s=0)  # a newer one was shown, so Redis is behind
        if copied is None or self._clock() >= self._ask_at:
            try:
                found = await stored(id_)
            except Unavailable:
                if copied is None:
                    raise
                self._ask_at = self._clock() + PAUSE_S
            else:
                self._metrics.reads_postgres.inc()
                if found is not None:
                    self._memory.saw(key, found.revision, reading)
                return found
        self._metrics.reads_stale.inc()
        return copied

    async def _stored_station(self, station_id: str) -> Hot | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_STATION, station_id)
        if row is None:
            return None
        change = served.station_change(row, row["charge_points"])
        return Hot(change.etag, change.document)

    async def _stored_charge_point(self, charge_point_id: str) -> Hot | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_CHARGE_POINT, charge_point_id)
        if row is None:
            return None
        change = served.charge_point_change(row)
        return Hot(change.etag, change.document)
