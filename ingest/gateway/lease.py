"""The gateway's lease: a row in Postgres, renewed by database time, that says this process lives.

When it lapses, rollups mark the gateway's chargers OFFLINE. A gateway that finds its own lease
lapsed was only cut off, and announces its sessions again. In Postgres and not in Redis, since
wiping a cache must not mark a fleet offline.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from datetime import timedelta

from ingest.gateway.metrics import Metrics
from shared.stores.outage import Outage
from shared.stores.postgres import AWAY, Pool

log = logging.getLogger("plugwatch.gateway.lease")

AGAIN_S = 1.0  #: after an outage of Postgres rollups wait for one lease to be renewed, not for long

_RENEW = """
    WITH held AS (SELECT expires_at < now() AS lapsed FROM gateways WHERE id = $1)
    INSERT INTO gateways (id, expires_at) VALUES ($1, now() + $2)
    ON CONFLICT (id) DO UPDATE SET renewed_at = now(), expires_at = excluded.expires_at
    RETURNING coalesce((SELECT lapsed FROM held), true)
"""


class Lease:
    """Renews one gateway's row."""

    def __init__(self, pool: Pool, *, gateway_id: str, lease_s: float, metrics: Metrics) -> None:
        self._pool = pool
        self._id = gateway_id
        self._lease = timedelta(seconds=lease_s)
        self._metrics = metrics
        self._outage = Outage(
            log, "the lease is not renewed: Postgres is away; trying again", "Postgres is back: the lease is renewed"
        )
        self._asked_at = -math.inf  #: when the last renewal that was confirmed was asked for
        self._back_at = -math.inf  #: when Postgres confirmed one that was overdue

    @property
    def is_held(self) -> bool:
        """Whether Postgres has confirmed all of them in time for a full lease, or since the start.

        By that it is told who died: others that were cut off with it have renewed theirs by then.
        """
        return not self._is_overdue and time.monotonic() - self._back_at >= self._lease.total_seconds()

    @property
    def _is_overdue(self) -> bool:
        return time.monotonic() - self._asked_at >= self._lease.total_seconds()

    async def run(self, on_lapse: Callable[[], None]) -> None:
        """Renews three times a lease until cancelled; ``on_lapse`` is called after each late renewal."""
        third_s = self._lease.total_seconds() / 3
        pause_s = third_s
        while True:
            await asyncio.sleep(pause_s)
            try:
                lapsed = await self.renew()
            except AWAY as error:
                self._outage.began(error)
                pause_s = min(third_s, AGAIN_S)
                continue
            self._outage.ended()
            pause_s = third_s
            if lapsed:
                self._metrics.lease_lapses.inc()
                log.warning("the lease had lapsed; announcing every session again")
                on_lapse()

    async def renew(self) -> bool:
        """Renews once; returns whether it had lapsed, or was not there (rollups delete what lapsed long ago).

        Raises:
            one of ``postgres.AWAY``
        """
        asked_at = time.monotonic()
        lease_s = self._lease.total_seconds()
        async with asyncio.timeout(lease_s), self._pool.acquire(timeout=lease_s) as connection:
            lapsed = bool(await connection.fetchval(_RENEW, self._id, self._lease))
        # A renewal that Postgres ran after we gave up on it saw the lapse and told nobody.
        overdue = self._is_overdue
        if overdue and self._asked_at > -math.inf:
            self._back_at = time.monotonic()
        self._asked_at = asked_at
        return lapsed or overdue

    async def give_up(self) -> None:
        """Lets the lease end now: a gateway that has closed all its sessions holds none."""
        try:
            async with asyncio.timeout(2), self._pool.acquire(timeout=2) as connection:
                await connection.execute("UPDATE gateways SET expires_at = now() WHERE id = $1", self._id)
        except AWAY as error:
            log.warning("the lease ends by itself: Postgres is away", extra={"error": repr(error)})
