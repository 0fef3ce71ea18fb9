"""Chargers that knock and are refused: counted in memory, handed to Postgres every few seconds.

So an operator sees who to adopt. Bounded here and there: the newest are kept.
"""

import asyncio
import logging

from shared.stores.postgres import AWAY, Pool

log = logging.getLogger("plugwatch.gateway.inbox")

EVERY_S = 2
HELD = 1_000  #: ids between two hand-overs
KEPT = 10_000  #: ids in Postgres

_UPSERT = """
    INSERT INTO unknown_charge_points AS u (folded_id, id, status, attempts)
    SELECT lower(n.id), n.id, n.status, n.attempts
    FROM unnest($1::text[], $2::int[], $3::bigint[]) AS n(id, status, attempts)
    ON CONFLICT (folded_id) DO UPDATE SET
        id = excluded.id, status = excluded.status, attempts = u.attempts + excluded.attempts, last_seen_at = now()
"""
_TRIM = """
    DELETE FROM unknown_charge_points WHERE folded_id IN (
        SELECT folded_id FROM unknown_charge_points ORDER BY last_seen_at DESC OFFSET $1
    )
"""


class Inbox:
    """Refused ids with their last status and how often they came."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._held: dict[str, tuple[str, int, int]] = {}
        self._called = asyncio.Event()

    def refused(self, charge_point_id: str, status: int) -> None:
        """One more refusal of this id, with HTTP ``status``."""
        folded = charge_point_id.lower()
        self._called.set()
        _, _, attempts = self._held.get(folded, ("", 0, 0))
        if attempts or len(self._held) < HELD:
            self._held[folded] = (charge_point_id, status, attempts + 1)

    async def run(self) -> None:
        """Hands over until cancelled."""
        while True:
            await self._called.wait()
            await asyncio.sleep(EVERY_S)
            self._called.clear()
            held, self._held = self._held, {}
            try:
                ordered = [held[folded] for folded in sorted(held)]
                columns = [list(column) for column in zip(*ordered, strict=True)]
                async with self._pool.acquire(timeout=2) as connection:
                    await connection.execute(_UPSERT, *columns)
                    await connection.execute(_TRIM, KEPT)
            except AWAY as error:
                log.warning("refused chargers are not listed: Postgres is away", extra={"error": repr(error)})
