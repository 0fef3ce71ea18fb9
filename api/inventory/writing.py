"""One inventory write: a transaction with its locks, what it touched, and the way to Redis after it."""

import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from asyncpg import Record

from api.database import Database
from api.http import ids
from api.http.access import Author
from api.http.problems import NotFound, Unavailable
from api.inventory import trail as audit
from api.memory import Memory
from api.metrics import Metrics
from shared.stores import fleet, hot, memberships, served
from shared.stores.hot import Change, HotCopy
from shared.stores.memberships import Membership
from shared.stores.postgres import Connection

from .trail import Entry, Facts

_STATION = "SELECT key, id, version, name, address, latitude, longitude, time_zone FROM stations"
_LOCK_STATION = f"{_STATION} WHERE folded_id = lower($1) AND deleted_at IS NULL FOR NO KEY UPDATE"
_REGROUPED = "UPDATE stations SET version = nextval('revisions') WHERE key = ANY($1::bigint[])"
_CHARGE_POINT_KEY = "SELECT key FROM charge_points WHERE folded_id = lower($1) AND deleted_at IS NULL"
_LOCK_CHARGE_POINT = """
    SELECT key, id, station_key, version, registration, password_hash, operative, document FROM charge_points
    WHERE key = ANY($1::bigint[]) AND deleted_at IS NULL ORDER BY key FOR NO KEY UPDATE
"""

NO_STATION = "there is no station with this id: GET /v1/stations lists those there are"
NO_CHARGE_POINT = "there is no charge point with this id: GET /v1/charge-points lists those there are"

log = logging.getLogger("plugwatch.api")


class Write:
    """A transaction under way. Put the keys of what it changes into ``stations`` and ``charge_points``.

    ``changes`` are the documents that came of it, once it is committed: charge points, then stations.
    """

    def __init__(self, connection: Connection, author: Author) -> None:
        self.connection = connection
        self.author = author
        self.stations: set[int] = set()
        self.charge_points: set[int] = set()
        self.regrouped: set[int] = set()
        self.memberships: list[Membership] = []  #: who came and who left, for those who follow a station
        self.changes: list[Change] = []
        self.entries: list[Entry] = []

    @property
    def touched(self) -> bool:
        """Whether anything was changed."""
        return bool(self.stations or self.charge_points)

    @property
    def station_change(self) -> Change:
        """The document of the one station that was written."""
        return self.changes[-1]

    @property
    def charge_point_change(self) -> Change:
        """The document of the one charge point that was written."""
        return self.changes[0]

    def regroup(self, *station_keys: int | None) -> None:
        """Charge points come to these stations or leave them: what an operator saw of them is no more."""
        keys = {key for key in station_keys if key is not None}
        self.stations |= keys
        self.regrouped |= keys

    def record(
        self,
        action: str,
        *,
        station_id: str | None = None,
        charge_point_id: str | None = None,
        before: Facts | None = None,
        after: Facts | None = None,
    ) -> None:
        """Has the audit say, in this transaction, what was changed."""
        self.entries.append(Entry(action, station_id, charge_point_id, before, after))

    async def lock_station(self, station_id: str) -> Record:
        """Locks one station.

        Raises:
            NotFound: there is no such station.
        """
        row = await self.connection.fetchrow(_LOCK_STATION, station_id) if ids.is_station(station_id) else None
        if row is None:
            raise NotFound(NO_STATION)
        return row

    async def lock_charge_point(self, charge_point_id: str) -> Record:
        """Locks a charge point, before it its station.

        Raises:
            NotFound: there is no such charge point.
            Unavailable: somebody moves it all the time.
        """
        if not ids.is_charge_point(charge_point_id):
            raise NotFound(NO_CHARGE_POINT)
        for _ in range(5):
            with contextlib.suppress(fleet.Moved):
                async with self.connection.transaction():  # a savepoint: a wrong guess gives its locks back
                    return await self._lock_charge_point(charge_point_id)
        raise Unavailable("this charge point is being moved by others: try again", headers={"Retry-After": "1"})

    async def _lock_charge_point(self, charge_point_id: str) -> Record:
        key = await self.connection.fetchval(_CHARGE_POINT_KEY, charge_point_id)
        found = [] if key is None else await fleet.lock_charge_points(self.connection, [key], _LOCK_CHARGE_POINT)
        if not found:
            raise NotFound(NO_CHARGE_POINT)
        row: Record = found[0]
        return row


class Writing:
    """Opens writes; ``now`` is the time in ms since the epoch."""

    def __init__(
        self, database: Database, copy: HotCopy, memory: Memory, metrics: Metrics, now: Callable[[], int]
    ) -> None:
        self._database = database
        self._copy = copy
        self._memory = memory
        self._metrics = metrics
        self._now = now

    @contextlib.asynccontextmanager
    async def write(self, author: Author) -> AsyncIterator[Write]:
        """A transaction for the block, and after its commit the publishing of what it touched.

        Raises:
            Unavailable: Postgres is away; nothing is written, or (a connection lost at the commit) all of it.
        """
        note = None
        async with self._database.connection() as connection, connection.transaction():
            write = Write(connection, author)
            yield write
            if write.touched:
                await connection.execute(_REGROUPED, list(write.regrouped))
                write.changes = [
                    *await served.changes_of(connection, [], write.charge_points),
                    *await fleet.roll_up(connection, write.stations, self._now()),
                ]
                note = await fleet.note(connection, write.stations, write.charge_points, write.memberships)
                await fleet.announce(connection, write.charge_points)
                if author.keep is not None:
                    await author.keep(connection, write.changes[0])
            await audit.record(connection, author, write.entries)
        if note is not None:
            await self._publish(memberships.around(write.changes, write.memberships), note)

    async def _publish(self, changes: list[Change], note: int) -> None:
        try:
            try:
                await self._copy.publish(changes)
            finally:  # whoever asks here from now on is shown this, be it from Postgres
                for change in changes:
                    self._memory.saw(change.key, change.revision)
        except hot.AWAY as error:
            self._metrics.unpublished.inc()
            log.warning(
                "committed, but Redis does not answer: a rollup publishes it from its note once Redis is back",
                extra={"note": note, "error": repr(error)},
            )
            return
        with contextlib.suppress(Unavailable):  # the note stays then, and a rollup publishes it once more
            async with self._database.connection() as connection:
                await fleet.forget(connection, [note])
