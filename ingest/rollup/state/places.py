"""Places that are no longer there: of former hardware, and those that an operator forgot; and those of the refused.

A place that other hardware under the same id did not report, though it had time to and was asked, counts as not
reported; a day later it goes. Who is not let in any more while its socket is gone has no session that could say so:
its places are settled here. Sweeps the charge points of the partitions this rollup owns, and none while it is behind.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Literal

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

EVERY_S = 0.5
ASKED_S = 45  #: so long after a boot or a reconnect the gateway asks for what was not reported
REPORT_S = 30  #: so long it waits for the answer to one question for all, before it asks for each
ANSWER_S = 45  #: and so long a charger has to answer
ASKED_A_SECOND = 50  #: charge points that a gateway asks; after a storm the last of them are asked late
KEPT_S = 86_400
AT_ONCE = 1000

What = Literal["unreported", "gone", "forgotten", "refused"]

_DUE: Mapping[What, str] = {
    # An epoch is when its session began, unless a clock was wrong.
    "unreported": f"""
        WITH due AS MATERIALIZED (
            SELECT key, gateway_id, greatest(hardware_since, connectivity_since, CASE
                WHEN epoch <= extract(epoch FROM now()) * 1000 THEN to_timestamp(epoch / 1000.0) END) AS since
            FROM charge_points
            WHERE hardware_since < now() - make_interval(secs => $2) AND unreported_since IS NULL
              AND connectivity = 'ONLINE' AND closed_at IS NULL AND deleted_at IS NULL
              AND log_partition = ANY($1::int[]) AND key <> ALL($4::bigint[])
        ), held AS MATERIALIZED (
            SELECT gateway_id, count(*) / {ASKED_A_SECOND} AS asked_s FROM charge_points
            WHERE connectivity = 'ONLINE' AND gateway_id IN (SELECT gateway_id FROM due) GROUP BY gateway_id
        )
        SELECT key FROM due JOIN held USING (gateway_id)
        WHERE since < now() - make_interval(secs => $2 + held.asked_s) LIMIT $3
    """,  # noqa: S608
    "refused": """
        SELECT key FROM charge_points
        WHERE registration <> 'ACCEPTED' AND closed_at IS NOT NULL AND connectivity = 'ONLINE' AND $2 = 0
          AND (status <> 'UNKNOWN' OR evse_counts - 'UNKNOWN' <> '{}')
          AND deleted_at IS NULL AND log_partition = ANY($1::int[]) AND key <> ALL($4::bigint[]) LIMIT $3
    """,
    "gone": """
        SELECT key FROM charge_points
        WHERE hardware_since IS NOT NULL AND unreported_since < now() - make_interval(secs => $2)
          AND deleted_at IS NULL AND log_partition = ANY($1::int[]) AND key <> ALL($4::bigint[]) LIMIT $3
    """,
    "forgotten": """
        SELECT DISTINCT c.key FROM reports r JOIN charge_points c ON c.key = r.charge_point_key
        WHERE r.forgotten AND $2 = 0
          AND c.deleted_at IS NULL AND c.log_partition = ANY($1::int[]) AND c.key <> ALL($4::bigint[]) LIMIT $3
    """,
}


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
        self._after_s: Mapping[What, float] = {"unreported": unreported_s, "gone": kept_s, "forgotten": 0, "refused": 0}
        self._sweep = Sweep(store, publication, metrics)
        self._outage = Outage(log, "no place is forgotten: Postgres is away", "Postgres is back: places are looked at")

    async def run(self) -> None:
        """Sweeps until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                if self._reading.is_polling and self._reading.lag_s < ASKED_S:
                    for what, after_s in self._after_s.items():
                        await self._swept(what, after_s)
                self._outage.ended()
            except AWAY as error:
                self._outage.began(error)

    async def _swept(self, what: What, after_s: float) -> None:
        partitions = sorted(self._reading.partitions)
        rows = await self._pool.fetch(_DUE[what], partitions, after_s, AT_ONCE, list(self._sweep.failed))
        now = self._clock()

        def altered(charge_points: Mapping[int, ChargePoint], _: Folded) -> Collection[int]:
            return [key for key, one in charge_points.items() if self._is_altered(what, one, now)]

        await self._sweep.apply([row["key"] for row in rows], altered, now)

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
