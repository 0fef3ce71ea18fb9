"""A device swapped under its id, and places forgotten.

The rollup stays the only writer of state: what is here to be forgotten is marked, and it deletes that within its next
second. Who gave up waiting for it has lost nothing.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from redis.asyncio import Redis

from api.database import Database
from api.http.access import Author
from api.http.problems import NotFound, Unavailable
from api.inventory.hashing import Hashing
from api.inventory.merging import Known, Row
from api.inventory.writing import Writing
from shared.stores import fleet
from shared.stores.hot import AWAY, Change
from shared.words import documents, gateways
from shared.words.gateways import Fence

from .inputs import Replacement

log = logging.getLogger("plugwatch.api.hardware")

WAIT_S = 5
POLL_S = 0.05
FENCED_WITHIN_S = 2

#: Sessions so far were of the former one; whatever comes next has a higher epoch. Places it had are waited for.
_REPLACE = """
    UPDATE charge_points c SET hardware = $2, hardware_epoch = epoch + 1, unreported_since = NULL,
           hardware_since = (SELECT now() FROM reports WHERE charge_point_key = $1 LIMIT 1),
           protocol = NULL, vendor = NULL, model = NULL, serial = NULL, firmware = NULL,
           password_hash = $3, revision = $4, document = $5, version = nextval('revisions')
    WHERE key = $1
"""
_PLACE = "charge_point_key = $1 AND evse_id = $2 AND ($3 = 0 OR connector_id = $3)"
_FORGET = f"UPDATE reports SET forgotten = true WHERE {_PLACE}"  # noqa: S608
_WITH_A_SESSION = "SELECT gateway_id, epoch FROM charge_points WHERE key = $1 AND connectivity = 'ONLINE'"
#: Places that not even the one before had reported by then.
_FORGET_UNREPORTED = """
    UPDATE reports r SET forgotten = true FROM charge_points c
    WHERE c.key = $1 AND r.charge_point_key = c.key AND c.unreported_since IS NOT NULL AND r.epoch < c.hardware_epoch
"""
_WAITS = f"SELECT EXISTS (SELECT FROM reports WHERE {_PLACE} AND forgotten)"  # noqa: S608


class Hardware:
    """Every method may raise ``NotFound`` and ``Unavailable``; ``clock`` is monotonic (s)."""

    def __init__(self, writing: Writing, database: Database, redis: Redis, clock: Callable[[], float]) -> None:
        self._writing = writing
        self._database = database
        self._redis = redis
        self._clock = clock
        self._hashing = Hashing()

    async def replace(self, author: Author, charge_point_id: str, new: Replacement) -> Change:
        """Another device bears the id from now on: same key, station and history.

        Whoever is connected must connect again: what it says from then on is the new one's word, and it is asked.
        """
        hash_: str | None = None
        if new.password is not None:  # before the locks: it may take seconds
            given = {"charge_point_id": charge_point_id, "password": new.password}
            hash_ = (await self._hashing.of([Row(1, given)], Known()))[1]
        async with self._writing.write(author) as write:
            row = await write.lock_charge_point(charge_point_id)
            (revision,) = await fleet.take_revisions(write.connection, 1)
            before = documents.charge_point(row["document"])
            number = before.hardware + 1
            password_hash = hash_ if "password" in new.model_fields_set else row["password_hash"]
            unknown = dict.fromkeys(("protocol", "vendor", "model", "firmware"))
            has_password = password_hash is not None
            after = before.with_(**unknown, hardware=number, has_password=has_password, revision=revision)
            stored = documents.encode(after).decode()
            await write.connection.execute(_FORGET_UNREPORTED, row["key"])
            session = await write.connection.fetchrow(_WITH_A_SESSION, row["key"])
            await write.connection.execute(_REPLACE, row["key"], number, password_hash, revision, stored)
            write.charge_points.add(row["key"])
            write.stations.update({row["station_key"]} - {None})
            write.record(
                "charge_point.replaced",
                station_id=before.station_id,
                charge_point_id=row["id"],
                before={"hardware": before.hardware},
                after={"hardware": number},
            )
        if session is not None and session["gateway_id"] is not None:
            await self._end(row["key"], session["gateway_id"], session["epoch"])
        return write.charge_point_change

    async def _end(self, key: int, gateway_id: str, epoch: int) -> None:
        """Has the session up to this epoch closed; without Redis its next one is the new device's first."""
        fence = Fence(key, below=epoch + 1, newest=epoch)
        try:
            async with asyncio.timeout(FENCED_WITHIN_S):
                await self._redis.publish(gateways.channel(gateway_id), gateways.encode(fence))
        except AWAY as error:
            log.warning(
                "a device was replaced, but Redis does not answer: if it is connected already, have it connect again",
                extra={"key": key, "error": repr(error)},
            )

    async def forget(self, author: Author, charge_point_id: str, evse_id: int, connector_id: int) -> bool:
        """A place that is no longer there (connector 0: the EVSE with all of it); whether it is gone by now."""
        async with self._writing.write(author) as write:
            row = await write.lock_charge_point(charge_point_id)
            place = (row["key"], evse_id, connector_id)
            if await write.connection.execute(_FORGET, *place) == "UPDATE 0":
                raise NotFound("the charge point has reported no such connector: GET it to see which it has")
            write.record(
                "place.forgotten",
                station_id=documents.charge_point(row["document"]).station_id,
                charge_point_id=row["id"],
                before={"evse_id": evse_id, "connector_id": connector_id},
            )
        deadline = self._clock() + WAIT_S
        while self._clock() < deadline:
            with contextlib.suppress(Unavailable):  # it is marked: that this cannot be seen changes nothing
                async with self._database.connection() as connection:
                    if not await connection.fetchval(_WAITS, *place):
                        return True
            await asyncio.sleep(POLL_S)
        return False
