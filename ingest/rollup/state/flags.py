"""Which places are flapping or stuck, looked for once a minute; a status costs nothing more for it.

How often a word changed, history tells: a line that differs from the one before it in its word, by the time of the
event where that is believed, so that a backlog after an outage is no flapping. A sweep reads the last 10 minutes of
history and all reports once, and writes those charge points alone of which a flag is raised or lowered.
Sweeps the charge points of the partitions this rollup owns, and none while it is behind.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ingest.rollup.copy.publication import Publication
from ingest.rollup.fold import flags
from ingest.rollup.fold.folded import Folded
from ingest.rollup.fold.state import ChargePoint, Place
from ingest.rollup.metrics import Metrics
from shared.stores.outage import Outage
from shared.stores.postgres import AWAY, Pool
from shared.words import instant

from .store import Store
from .sweep import Reading, Sweep

log = logging.getLogger("plugwatch.rollup.flags")

EVERY_S = 60
WINDOW_MS = 600_000
LATEST_LAG_S = 45
AT_ONCE = 100  #: charge points in a transaction: batches wait for its locks, 130 ms of a busy machine

_LINES = "h.received_at > $2 AND h.event_time > $2 AND h.kind <> 'CONNECTIVITY' AND NOT 'late' = ANY(h.flags)"
_PLACE = "charge_point_key, evse_id, connector_id"
#: Few places have so many lines at all; of those, how many lines have another word than the one before.
_CHANGING = f"""
    WITH busy AS MATERIALIZED (
        SELECT {_PLACE} FROM history h WHERE {_LINES} GROUP BY {_PLACE} HAVING count(*) > $3
    ), owned AS MATERIALIZED (
        SELECT b.*, before.reported AS before FROM busy b JOIN charge_points c ON c.key = b.charge_point_key
        LEFT JOIN LATERAL (
            SELECT h.reported FROM history h
            WHERE h.charge_point_key = b.charge_point_key AND h.evse_id = b.evse_id AND h.connector_id = b.connector_id
              AND h.received_at <= $2 AND h.kind <> 'CONNECTIVITY'
            ORDER BY h.received_at DESC, h.id DESC LIMIT 1
        ) before ON true
        WHERE c.log_partition = ANY($1::int[]) AND c.deleted_at IS NULL
    ), words AS (
        SELECT {_PLACE}, h.reported, coalesce(
            lag(h.reported) OVER (PARTITION BY {_PLACE} ORDER BY h.epoch, h.sequence), o.before, h.reported
        ) AS before
        FROM owned o JOIN history h USING ({_PLACE}) WHERE {_LINES}
    )
    SELECT {_PLACE} FROM words WHERE reported <> before GROUP BY {_PLACE} HAVING count(*) > $3
"""  # noqa: S608
_FLAPPING = """
    SELECT r.charge_point_key, r.evse_id, r.connector_id
    FROM charge_points c JOIN reports r ON r.charge_point_key = c.key
    WHERE c.flapping AND c.deleted_at IS NULL AND c.log_partition = ANY($1::int[]) AND r.flapping
"""
_STUCK = """
    SELECT DISTINCT c.key FROM reports r JOIN charge_points c ON c.key = r.charge_point_key
    WHERE c.deleted_at IS NULL AND c.log_partition = ANY($1::int[]) AND r.stuck <> coalesce(
        r.status = 'OCCUPIED' AND r.reported = ANY($3::text[]) AND coalesce(r.word_since, r.since) < $2, false)
"""
#: Its row was not written since: no session began meanwhile, nobody let it in just now.
_SILENT = """
    SELECT c.key FROM charge_points c
    WHERE c.deleted_at IS NULL AND c.log_partition = ANY($1::int[]) AND NOT c.silent AND c.status = 'UNKNOWN'
      AND c.connectivity = 'ONLINE' AND c.closed_at IS NULL AND c.registration = 'ACCEPTED' AND c.updated_at < $2
      AND NOT EXISTS (SELECT FROM reports r WHERE r.charge_point_key = c.key AND r.epoch >= c.hardware_epoch)
"""
_NO_LONGER_SILENT = """
    SELECT c.key FROM charge_points c
    WHERE c.stuck AND c.silent AND c.deleted_at IS NULL AND c.log_partition = ANY($1::int[])
      AND (c.connectivity <> 'ONLINE' OR c.closed_at IS NOT NULL OR c.registration <> 'ACCEPTED')
"""


class Flags:
    """The sweep of one rollup."""

    def __init__(
        self,
        pool: Pool,
        store: Store,
        reading: Reading,
        publication: Publication,
        metrics: Metrics,
        *,
        clock: Callable[[], int],
        changes: int,
        stuck_s: float,
        asked_s: float,
        every_s: float = EVERY_S,
    ) -> None:
        """More than ``changes`` in 10 minutes are flapping; who was not heard for ``asked_s`` had time to answer."""
        self._pool = pool
        self._reading = reading
        self._clock = clock
        self._changes = changes
        self._stuck_ms = int(stuck_s * 1000)
        self._asked_ms = int(asked_s * 1000)
        self._every_s = every_s
        self._sweep = Sweep(store, publication, metrics)
        self._outage = Outage(log, "no flag is raised: Postgres is away", "Postgres is back: flags are raised again")

    async def run(self) -> None:
        """Sweeps until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                if self._reading.partitions and self._reading.is_polling and self._reading.lag_s < LATEST_LAG_S:
                    await self.sweep()
                self._outage.ended()
            except AWAY as error:
                self._outage.began(error)

    async def sweep(self) -> None:
        """Looks once.

        Raises:
            one of ``postgres.AWAY``: some flags may be raised.
        """
        partitions, now = sorted(self._reading.partitions), self._clock()

        def before(ms: int) -> Any:
            return instant.to_datetime(now - ms)

        changing = _by_key(await self._pool.fetch(_CHANGING, partitions, before(WINDOW_MS), self._changes))
        flapping = _by_key(await self._pool.fetch(_FLAPPING, partitions))
        due = {key for key in changing.keys() | flapping.keys() if changing.get(key) != flapping.get(key)}
        stuck = await self._pool.fetch(_STUCK, partitions, before(self._stuck_ms), list(flags.WAITING))
        silent = {row["key"] for row in await self._pool.fetch(_SILENT, partitions, before(self._asked_ms))}
        heard = await self._pool.fetch(_NO_LONGER_SILENT, partitions)
        due |= {row["key"] for row in (*stuck, *heard)} | silent

        def altered(charge_points: Mapping[int, ChargePoint], _: Folded) -> Collection[int]:
            return [
                key
                for key, one in charge_points.items()
                if flags.flag(one, changing.get(key, ()), now, stuck_ms=self._stuck_ms, asked=key in silent)
            ]

        keys = sorted(due - self._sweep.failed)
        for start in range(0, len(keys), AT_ONCE):
            await self._sweep.apply(keys[start : start + AT_ONCE], altered, now)


def _by_key(rows: Collection[Any]) -> dict[int, set[Place]]:
    found: dict[int, set[Place]] = {}
    for row in rows:
        found.setdefault(row["charge_point_key"], set()).add((row["evse_id"], row["connector_id"]))
    return found
