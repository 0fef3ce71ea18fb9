"""Commands to one charger that an operator waits for: trigger, reset, unlock.

The gateway that holds the charger is asked; what the charger answers is the answer. Unlike an intent, a
command is never repeated: a charger that is away is not asked later.
"""

import asyncio
import logging
import time
from typing import Any

from api.database import Database
from api.http import ids
from api.http.access import Author
from api.http.problems import (
    ChargerBusy,
    NotAccepted,
    NotConnected,
    NotFound,
    Refused,
    Silent,
    Unavailable,
    Unsupported,
)
from api.inventory import trail as audit
from api.inventory.trail import Entry
from shared.words.gateways import Asked, Told

from .gateway_calls import GatewayCalls, Lost, NobodyThere

TIMEOUT_S = 10
SENT_WITHIN = 0.7  #: of that; the charger has the rest of the time to answer
MOVED_WITHIN_S = 2  #: it takes a second at most until a session at another gateway is known here

_HOLDER = """
    SELECT c.key, c.id, s.id AS station_id, c.registration, c.gateway_id,
           c.connectivity = 'ONLINE' AND c.closed_at IS NULL AS connected
    FROM charge_points c LEFT JOIN stations s ON s.key = c.station_key
    WHERE c.folded_id = lower($1) AND c.deleted_at IS NULL
"""
_OFFLINE = "it is not connected: a command needs a charger that is; availability intents wait until it is back"

log = logging.getLogger("plugwatch.api.commands")


class Commands:
    """Asks chargers, and has the audit say so; waits for ``timeout_s`` for an answer."""

    def __init__(self, database: Database, calls: GatewayCalls, timeout_s: float = TIMEOUT_S) -> None:
        self._database = database
        self._calls = calls
        self._timeout_s = timeout_s

    async def ask(
        self,
        author: Author,
        charge_point_id: str,
        what: Asked,
        argument: str = "",
        evse_id: int | None = None,
        connector_id: int | None = None,
    ) -> tuple[str, str]:
        """The charge point's id as it is spelled, and the status it answered.

        Raises:
            NotFound: there is no such charge point.
            NotConnected, NotAccepted, Unsupported
            Silent: it did not answer in time.
            Refused: it answered with an error.
            Unavailable: too many commands wait for it, or Postgres or Redis is away.
        """
        asks_for_a_boot = (what, argument) == ("trigger", "BootNotification")
        row = await self._holder(charge_point_id, asks_for_a_boot=asks_for_a_boot)
        details = {"argument": argument or None, "evse_id": evse_id, "connector_id": connector_id}
        asked = {name: value for name, value in details.items() if value is not None}
        tried, until = None, time.monotonic() + SENT_WITHIN * self._timeout_s
        while row["gateway_id"] != tried:
            tried = row["gateway_id"]
            try:
                told = await self._calls.ask(
                    tried,
                    row["key"],
                    what,
                    argument=argument,
                    evse_id=evse_id,
                    connector_id=connector_id,
                    timeout_s=self._timeout_s,
                    sent_within_s=until - time.monotonic(),
                )
            except NobodyThere:
                told = Told("", error="offline")
            except TimeoutError:
                told = Told("", error="timeout")
            except Lost:
                await self._record(author, what, row, asked | {"error": "lost"})
                raise
            if told.error != "offline":
                break
            row = await self._moved(tried, charge_point_id, asks_for_a_boot=asks_for_a_boot)
        outcome = {"status": told.status} if told.error is None else {"error": told.error, "detail": told.detail}
        if told.error not in ("offline", "busy", "unsupported"):
            await self._record(author, what, row, asked | outcome)
        return row["id"], _status(told)

    async def _moved(self, tried: str, charge_point_id: str, *, asks_for_a_boot: bool) -> Any:
        """The charge point once another gateway has it: the rollup is some way behind the gateways."""
        until = time.monotonic() + MOVED_WITHIN_S
        while True:
            row = await self._holder(charge_point_id, asks_for_a_boot=asks_for_a_boot)
            if row["gateway_id"] != tried or time.monotonic() >= until:
                return row
            await asyncio.sleep(MOVED_WITHIN_S / 8)

    async def _holder(self, charge_point_id: str, *, asks_for_a_boot: bool) -> Any:
        """A charge point that may be asked: an ACCEPTED one; a PENDING one for its BootNotification (2.x B02)."""
        row = None
        if ids.is_charge_point(charge_point_id):
            async with self._database.connection() as connection:
                row = await connection.fetchrow(_HOLDER, charge_point_id)
        if row is None:
            raise NotFound("there is no charge point with this id: GET /v1/charge-points lists those there are")
        if row["registration"] != "ACCEPTED" and not (asks_for_a_boot and row["registration"] == "PENDING"):
            raise NotAccepted(f"its registration is {row['registration']}: PATCH that to ACCEPTED first")
        if not row["connected"] or row["gateway_id"] is None:
            raise NotConnected(_OFFLINE)
        return row

    async def _record(self, author: Author, what: Asked, row: Any, after: dict[str, Any]) -> None:
        """After the answer: nothing can take back what the charger did, so nothing here may fail the request."""
        entry = Entry(f"command.{what}", row["station_id"], row["id"], None, after)
        try:
            async with self._database.connection() as connection, connection.transaction():
                await audit.record(connection, author, [entry])
        except Unavailable:
            log.error(
                "a command is missing in the audit: Postgres went away. This line stands in for it",
                extra={**entry._asdict(), "actor": author.actor, "request_id": author.request_id},
            )


def _status(told: Told) -> str:
    match told.error:
        case None:
            return told.status or ""
        case "offline":
            raise NotConnected(_OFFLINE)
        case "busy":
            raise ChargerBusy(
                f"it was not sent, and will not be: {told.detail or 'too many commands wait'}. Try again in a moment",
                headers={"Retry-After": "5"},
            )
        case "unsupported":
            raise Unsupported(told.detail or "its version of OCPP has no such command")
        case "left":
            raise Silent(f"it was sent, but {told.detail}: it may have done it; look before trying again")
        case "timeout":
            raise Silent(
                "it did not answer in time: it may have been asked, and may still do it; look before trying again"
            )
        case "refused":
            raise Refused(f"it answered with an error, {told.detail}: it may not know this command")
