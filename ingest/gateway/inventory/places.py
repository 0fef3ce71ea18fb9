"""The places that charge points are known to have, looked up in Postgres when sessions want to know; many at once."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from shared.stores.outage import Outage
from shared.stores.postgres import AWAY, Pool

log = logging.getLogger("plugwatch.gateway.places")

EVERY_S = 0.5
AT_ONCE = 1_000

_PLACES = """
    SELECT charge_point_key AS key, array_agg(evse_id) AS evses, array_agg(connector_id) AS connectors
    FROM reports WHERE charge_point_key = ANY($1::bigint[]) AND NOT forgotten GROUP BY charge_point_key
"""

Places = Sequence[tuple[int, int]]  #: EVSE and connector, as in reports


class PlaceLookups:
    """Of one gateway."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._wanted: dict[int, Callable[[Places], None]] = {}
        self._called = asyncio.Event()
        self._outage = Outage(
            log,
            "Postgres is away: chargers are asked for missing statuses when it is back",
            "Postgres is back: chargers are asked for missing statuses again",
        )

    def want(self, charge_point_key: int, tell: Callable[[Places], None]) -> None:
        """Looks up, soon; ``tell`` is called once, unless another session wants it of the same charge point."""
        self._wanted[charge_point_key] = tell
        self._called.set()

    async def run(self) -> None:
        """Looks up until cancelled."""
        while True:
            if not self._wanted:
                self._called.clear()
                await self._called.wait()
            await asyncio.sleep(EVERY_S)
            keys = list(self._wanted)[:AT_ONCE]
            try:
                async with asyncio.timeout(10), self._pool.acquire(timeout=2) as connection:
                    rows = await connection.fetch(_PLACES, keys)
            except AWAY as error:
                self._outage.began(error)
                continue
            self._outage.ended()
            found = {row["key"]: tuple(zip(row["evses"], row["connectors"], strict=True)) for row in rows}
            for key in keys:
                self._wanted.pop(key)(found.get(key, ()))
