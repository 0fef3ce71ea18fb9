"""Who is away: sockets closed past the grace, and chargers of gateways whose lease ran out.

Sweeps the charge points of the partitions this rollup owns, in the same transaction shape as a
batch, and marks only what is unchanged since it looked. It marks nobody while the rollup is behind
(their reconnects may be waiting in the log), nor chargers of a gateway before leases have been
renewable for a full lease (after an outage of Postgres every lease looks expired).
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from ingest.rollup.copy.publication import Publication
from ingest.rollup.fold.fold import Folded, Policy, go_offline
from ingest.rollup.fold.state import ChargePoint, Version
from ingest.rollup.metrics import Metrics
from shared.stores.outage import Outage
from shared.stores.postgres import AWAY, Pool
from shared.words import instant

from .store import Store
from .sweep import Reading, Sweep

log = logging.getLogger("plugwatch.rollup.liveness")

EVERY_S = 1  #: OFFLINE shows within 2 s of its deadline
LEASES_EVERY, FORGOTTEN_EVERY = 5, 3600  #: sweeps; by the first a Postgres is noticed that takes no writes
LATE_MS = 3_000  #: a sweep that comes so much after the one before it, and a lease, has slept
AT_ONCE = 1000

#: ``$5``: how many partitions the topic has. It may have had more before it was made anew: nobody reads those.
_OWNED = "c.log_partition = ANY($1::int[] || ARRAY(SELECT partition FROM log_positions WHERE partition >= $5))"
#: Few are closed: that they are not NULL tells the planner, which would not ask the index for a time it does not know.
_DUE = f"""
    (SELECT 'closed' AS cause, key, epoch, sequence, last_seen_at AS since FROM charge_points c
     WHERE connectivity = 'ONLINE' AND deleted_at IS NULL
       AND closed_at IS NOT NULL AND closed_at < now() - make_interval(secs => $2)
       AND key <> ALL($4::bigint[]) AND {_OWNED} LIMIT $3)
    UNION ALL
    (SELECT 'vanished', c.key, c.epoch, c.sequence, greatest(c.last_seen_at, g.renewed_at)
     FROM gateways g JOIN charge_points c ON c.gateway_id = g.id
     WHERE g.expires_at < now() - make_interval(secs => $2)
       AND c.connectivity = 'ONLINE' AND c.closed_at IS NULL AND c.deleted_at IS NULL
       AND c.key <> ALL($4::bigint[]) AND {_OWNED} LIMIT $3)
"""  # noqa: S608
#: A gateway without a row (lost, or restored from a backup) gets one more lease; who lives renews it. Its name is
#: found by steps through the index, a few dozen in a fleet.
_LEASE_TO_THE_UNKNOWN = """
    WITH RECURSIVE held (id) AS (
        SELECT min(gateway_id) FROM charge_points WHERE connectivity = 'ONLINE'
        UNION ALL
        SELECT (SELECT min(gateway_id) FROM charge_points WHERE connectivity = 'ONLINE' AND gateway_id > held.id)
        FROM held WHERE held.id IS NOT NULL
    )
    INSERT INTO gateways (id, renewed_at, expires_at)
    SELECT id, to_timestamp(0), now() + make_interval(secs => $1) FROM held WHERE id IS NOT NULL
    ON CONFLICT (id) DO NOTHING
"""
_FORGET_GATEWAYS = """
    DELETE FROM gateways g WHERE g.expires_at < now() - interval '1 day'
      AND NOT EXISTS (SELECT FROM charge_points c WHERE c.gateway_id = g.id AND c.connectivity = 'ONLINE')
"""


class Liveness:
    """The sweep of one rollup."""

    def __init__(
        self,
        pool: Pool,
        store: Store,
        reading: Reading,
        publication: Publication,
        metrics: Metrics,
        *,
        policy: Policy,
        lease_s: float,
        max_lag_s: float,
        clock: Callable[[], int],
    ) -> None:
        self._pool = pool
        self._reading = reading
        self._metrics = metrics
        self._policy = policy
        self._lease_s = lease_s
        self._max_lag_s = max_lag_s
        self._clock = clock
        self._healthy_since: int | None = None  #: ms; Postgres has answered all the time since
        self._healthy_at = 0
        self._outage = Outage(
            log,
            "nobody is marked OFFLINE: Postgres is away, or takes no writes",
            "Postgres is back: who is away is marked OFFLINE again",
        )
        self._sweep = Sweep(store, publication, metrics)

    async def run(self) -> None:
        """Sweeps until cancelled."""
        swept = 0
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                while await self._swept():
                    pass
                if swept % LEASES_EVERY == 0:
                    await self._pool.execute(_LEASE_TO_THE_UNKNOWN, self._lease_s)
                swept += 1
                if swept % FORGOTTEN_EVERY == 0:
                    await self._pool.execute(_FORGET_GATEWAYS)
                self._outage.ended()
            except AWAY as error:
                self._healthy_since = None
                self._outage.began(error)

    async def _swept(self) -> bool:
        """Marks who is away; returns whether there may be more of them."""
        partitions, lag_s = sorted(self._reading.partitions), self._reading.lag_s
        if not partitions or not self._reading.is_polling or lag_s > self._max_lag_s:
            await self._pool.fetchval("SELECT true")
            self._is_sound(self._clock())
            return False
        # A reconnect within the grace may still wait in the log for as long as the lag is.
        grace_s = self._policy.close_grace_ms / 1000 + lag_s
        # Partitions of nobody are swept by the owner of the first.
        beyond = self._reading.topic_partitions if 0 in partitions else None
        asked_at = self._clock()
        rows = await self._pool.fetch(_DUE, partitions, grace_s, AT_ONCE, list(self._sweep.failed), beyond)
        due: dict[str, dict[int, tuple[Version, int]]] = {"closed": {}, "vanished": {}}
        for row in rows:
            due[row["cause"]][row["key"]] = (row["epoch"], row["sequence"]), self._since(row["since"])
        if not self._is_sound(asked_at):
            del due["vanished"]
        return max([await self._mark(cause, found) for cause, found in due.items()]) == AT_ONCE

    def _is_sound(self, asked_at: int) -> bool:
        """Whether gateways could renew for a full lease when Postgres, which has answered now, was asked.

        It has answered all the time, and this machine did not sleep.
        """
        now, lease_ms = self._clock(), self._lease_s * 1000
        # A clock that was set back begins anew: else nobody would be marked for as long as that was.
        if self._healthy_since is None or not 0 <= now - self._healthy_at <= max(lease_ms, LATE_MS):
            self._healthy_since = now
        self._healthy_at = now
        return asked_at - self._healthy_since >= lease_ms

    def _since(self, moment: datetime | None) -> int:
        """A time that is none, or infinite (which has no time zone), is not known: then it is away since now."""
        return self._clock() if moment is None or moment.tzinfo is None else instant.from_datetime(moment)

    async def _mark(self, cause: str, due: Mapping[int, tuple[Version, int]]) -> int:
        now = self._clock()

        def altered(charge_points: Mapping[int, ChargePoint], out: Folded) -> Collection[int]:
            gone = [
                one
                for key, one in charge_points.items()
                if one.connectivity == "ONLINE"
                and one.version == due[key][0]
                and (cause == "vanished" or one.closed_at is not None)
            ]
            for one in gone:
                go_offline(one, due[one.key][1], now, self._policy, out)
            return [one.key for one in gone]

        marked = sum([len(folded.history) for folded in await self._sweep.apply(due, altered, now)])
        if marked:
            self._metrics.offline.labels(cause).inc(marked)
            log.info("charge points are OFFLINE", extra={"cause": cause, "charge_points": marked})
        return marked
