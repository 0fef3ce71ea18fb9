"""Places that are no longer there: of former hardware, and those that an operator forgot; and those of the refused.

A place that other hardware under the same id did not report, though it had time to and was asked, counts as not
reported; a day later it goes. Who is not let in any more while its socket is gone has no session that could say so:
its places are settled here. Sweeps the charge points of the partitions this rollup owns, and none while it is behind.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Literal, get_args

from ingest.rollup.copy.publication import Publication
from ingest.rollup.fold import hardware, rules
from ingest.rollup.fold.folded import Folded, Policy
from ingest.rollup.fold.state import ChargePoint
from ingest.rollup.metrics import Metrics
from shared.stores.outage import Outage
from shared.stores.postgres import AWAY, Pool

from .store import Store
from .sweep import Reading, Sweep

log = logging.getLogger("plugwatch.rollup.places")

EVERY_S = 1
ASKED_S = 45  #: so long after a boot or a reconnect the gateway asks for what was not reported
REPORT_S = 30  #: so long it waits for the answer to one question for all, before it asks for each
ANSWER_S = 45  #: and so long a charger has to answer
ASKED_A_SECOND = 50  #: charge points that a gateway asks; after a storm the last of them are asked late
KEPT_S = 86_400
AT_ONCE = 1000

What = Literal["unreported", "gone", "forgotten", "refused"]

_MINE = "deleted_at IS NULL AND log_partition = ANY($1::int[]) AND key <> ALL($5::bigint[])"
#: An epoch is when its session began, unless a clock was wrong.
_DUE = f"""
    (WITH due AS MATERIALIZED (
         SELECT key, gateway_id, greatest(hardware_since, connectivity_since, CASE
             WHEN epoch <= extract(epoch FROM now()) * 1000 THEN to_timestamp(epoch / 1000.0) END) AS since
         FROM charge_points
         WHERE hardware_since IS NOT NULL AND hardware_since < now() - make_interval(secs => $2)
           AND unreported_since IS NULL AND connectivity = 'ONLINE' AND closed_at IS NULL AND {_MINE}
     ), held AS MATERIALIZED (
         SELECT gateway_id, count(*) / {ASKED_A_SECOND} AS asked_s FROM charge_points
         WHERE connectivity = 'ONLINE' AND gateway_id IN (SELECT gateway_id FROM due) GROUP BY gateway_id
     )
     SELECT 'unreported' AS what, key FROM due JOIN held USING (gateway_id)
     WHERE since < now() - make_interval(secs => $2 + held.asked_s) LIMIT $4)
    UNION ALL
    (SELECT 'gone', key FROM charge_points
     WHERE hardware_since IS NOT NULL AND unreported_since < now() - make_interval(secs => $3) AND {_MINE} LIMIT $4)
    UNION ALL
    (SELECT DISTINCT 'forgotten', key FROM reports JOIN charge_points ON key = charge_point_key
     WHERE forgotten AND {_MINE} LIMIT $4)
    UNION ALL
    (SELECT 'refused', key FROM charge_points
     WHERE registration <> 'ACCEPTED' AND closed_at IS NOT NULL AND connectivity = 'ONLINE'
       AND (status <> 'UNKNOWN' OR evse_counts - 'UNKNOWN' <> '{{}}') AND {_MINE} LIMIT $4)
"""  # noqa: S608


class Places:
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
        clock: Callable[[], int],
        unreported_s: float = ASKED_S + REPORT_S + ANSWER_S,
        kept_s: float = KEPT_S,
    ) -> None:
        self._pool = pool
        self._reading = reading
        self._policy = policy
        self._clock = clock
        self._unreported_s = unreported_s
        self._kept_s = kept_s
        self._sweep = Sweep(store, publication, metrics)
        self._outage = Outage(log, "no place is forgotten: Postgres is away", "Postgres is back: places are looked at")

    async def run(self) -> None:
        """Sweeps until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                if self._reading.is_polling and self._reading.lag_s < ASKED_S:
                    await self._swept()
                self._outage.ended()
            except AWAY as error:
                self._outage.began(error)

    async def _swept(self) -> None:
        partitions, failed = sorted(self._reading.partitions), list(self._sweep.failed)
        rows = await self._pool.fetch(_DUE, partitions, self._unreported_s, self._kept_s, AT_ONCE, failed)
        for what in get_args(What):
            await self._settle(what, [row["key"] for row in rows if row["what"] == what])

    async def _settle(self, what: What, keys: Collection[int]) -> None:
        now = self._clock()

        def altered(charge_points: Mapping[int, ChargePoint], _: Folded) -> Collection[int]:
            return [key for key, one in charge_points.items() if self._is_altered(what, one, now)]

        await self._sweep.apply(keys, altered, now)

    def _is_altered(self, what: What, one: ChargePoint, now: int) -> bool:
        """Whether it still holds under the lock; then it is done."""
        if what == "refused":
            rules.settle(one, now, self._policy.connector0_mode)
            return bool(one.turns or one.touched)
        if what == "forgotten":
            hardware.forget(one, [], now, self._policy)
            return bool(one.forgotten)
        if one.hardware_since is None or (what == "gone") != (one.unreported_since is not None):
            return False
        if what == "gone":
            hardware.forget(one, hardware.former(one), now, self._policy)
        else:
            hardware.mark_unreported(one, now, self._policy)
        return True
