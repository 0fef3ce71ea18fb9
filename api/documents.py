"""One document by its id: from Redis, or from Postgres while Redis is away or lacks it. The same bytes."""

from api import ids
from api.database import Database
from api.errors import NotFound
from api.hot_reads import HotReads
from api.metrics import Metrics
from shared import fleet, hot
from shared.hot import Hot

# One statement, so that a station and its charge points are of one moment.
_STATION = """
    SELECT s.*, ARRAY(SELECT c.document FROM charge_points c
                      WHERE c.station_key = s.key AND c.deleted_at IS NULL ORDER BY c.folded_id) AS charge_points
    FROM stations s WHERE s.id = $1 AND s.deleted_at IS NULL
"""
_CHARGE_POINT = """
    SELECT c.id, s.id AS station_id, c.version, c.revision, c.document, c.deleted_at
    FROM charge_points c LEFT JOIN stations s ON s.key = c.station_key
    WHERE c.folded_id = lower($1) AND c.deleted_at IS NULL
"""


class Documents:
    """Reads finished documents."""

    def __init__(self, reads: HotReads, database: Database, metrics: Metrics) -> None:
        self._reads = reads
        self._database = database
        self._metrics = metrics

    async def station(self, station_id: str) -> Hot:
        """The station's document and its entity tag.

        Raises:
            NotFound: there is no such station.
            Unavailable: Redis cannot say, and Postgres is away.
        """
        found = None
        if ids.is_station(station_id):
            found = await self._reads.read(hot.station_key(station_id))
            found = self._counted(found) or await self._stored_station(station_id)
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
            found = await self._reads.read(hot.charge_point_key(charge_point_id))
            found = self._counted(found) or await self._stored_charge_point(charge_point_id)
        if found is None or found.document is None:
            raise NotFound("there is no charge point with this id: GET /v1/charge-points lists those there are")
        return found

    def _counted(self, found: Hot | None) -> Hot | None:
        if found is None:
            self._metrics.reads_postgres.inc()
        else:
            self._metrics.reads_hot.inc()
        return found

    async def _stored_station(self, station_id: str) -> Hot | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_STATION, station_id)
        if row is None:
            return None
        change = fleet.station_change(row, row["charge_points"])
        return Hot(change.etag, change.document)

    async def _stored_charge_point(self, charge_point_id: str) -> Hot | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_CHARGE_POINT, charge_point_id)
        if row is None:
            return None
        change = fleet.charge_point_change(row)
        return Hot(change.etag, change.document)
