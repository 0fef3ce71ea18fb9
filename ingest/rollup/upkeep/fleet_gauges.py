"""The fleet in numbers for gauges, counted by the one rollup that owns partition 0.

They are told only by their owner and only while fresh: a rollup that lost the partition, or that cannot count,
tells nothing. Counting reads one snapshot on a connection of its own and locks nothing, so no writer waits for it;
at 100,000 stations a round costs 190 ms of one Postgres process, and a statement is given up after ``WITHIN_S``.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from ingest.rollup.log.consumer import Consumer
from ingest.rollup.metrics import Metrics, Values
from shared.stores import tally
from shared.stores.postgres import AWAY, Pool
from shared.stores.tally import Tally

log = logging.getLogger("plugwatch.rollup.fleet_gauges")

PARTITION = 0  #: whoever owns it counts: every topic has it
EVERY_S = 15
LOOK_S = 1
WITHIN_S = 5
KEPT_MS = 60_000  #: numbers older than this are not told
LATE_S = 5  #: a note that is older should have been published
NOTES_AT_MOST = 100_000  #: counting goes no further: by then the number says enough

_UNPUBLISHED = """
    SELECT count(*) FROM (
        SELECT FROM unpublished WHERE created_at < now() - make_interval(secs => $1) LIMIT $2
    ) late
"""
_FLAGGED = """
    SELECT count(*) FILTER (WHERE c.flapping) AS charge_points_flapping,
           count(*) FILTER (WHERE c.stuck) AS charge_points_stuck,
           coalesce(sum(n.flapping), 0)::bigint AS connectors_flapping,
           coalesce(sum(n.stuck), 0)::bigint AS connectors_stuck
    FROM charge_points c CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE r.flapping) AS flapping, count(*) FILTER (WHERE r.stuck) AS stuck
        FROM reports r WHERE r.charge_point_key = c.key AND r.connector_id > 0
    ) n
    WHERE (c.flapping OR c.stuck) AND c.deleted_at IS NULL
"""


class FleetGauges:
    """Counts, and remembers the last count."""

    def __init__(self, pool: Pool, consumer: Consumer, metrics: Metrics, *, clock: Callable[[], int]) -> None:
        self._pool = pool
        self._consumer = consumer
        self._clock = clock
        self._counted_at = 0
        self._tally: Tally = {}
        self._unpublished = 0
        self._flagged: Mapping[str, int] = {}
        metrics.stations.set_function(lambda: self._told("stations", "health"))
        metrics.charge_points.set_function(lambda: self._told("charge_points", "connectivity"))
        metrics.connectors.set_function(lambda: self._told("connectors", "status"))
        metrics.flagged_charge_points.set_function(lambda: self._told_flags("charge_points"))
        metrics.flagged_connectors.set_function(lambda: self._told_flags("connectors"))
        metrics.unpublished.set_function(lambda: {(): self._unpublished} if self._is_known else {})

    async def run(self) -> None:
        """Counts every ``EVERY_S`` while the partition is ours, until cancelled."""
        while True:
            if not self._is_ours:
                await asyncio.sleep(LOOK_S)
                continue
            try:
                await self._count()
            except AWAY as error:
                log.warning(
                    "the fleet could not be counted; its gauges vanish when the last numbers are a minute old. "
                    "Look whether Postgres answers, and in time",
                    extra={"error": repr(error)},
                )
            await asyncio.sleep(EVERY_S)

    async def _count(self) -> None:
        async with (
            self._pool.acquire(timeout=WITHIN_S) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await connection.execute(f"SET LOCAL statement_timeout = {WITHIN_S * 1000}")
            unpublished = await connection.fetchval(_UNPUBLISHED, LATE_S, NOTES_AT_MOST)
            flagged = await connection.fetchrow(_FLAGGED)
            self._tally = await tally.taken(connection)
        self._unpublished = unpublished
        self._flagged = dict(flagged or {})
        self._counted_at = self._clock()

    @property
    def _is_ours(self) -> bool:
        return PARTITION in self._consumer.owned

    @property
    def _is_known(self) -> bool:
        return self._is_ours and self._clock() - self._counted_at < KEPT_MS

    def _told_flags(self, what: str) -> Values:
        flags = ("flapping", "stuck")
        return {(flag,): self._flagged[f"{what}_{flag}"] for flag in flags} if self._is_known else {}

    def _told(self, what: str, axis: str) -> Values:
        return {(value,): n for value, n in self._tally[what][axis].items()} if self._is_known else {}
