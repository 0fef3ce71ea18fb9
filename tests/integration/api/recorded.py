"""History of charge points as a rollup leaves it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.stores.postgres import Pool
from shared.words.status import NORMALIZED

T0 = datetime(2026, 3, 1, 8, tzinfo=UTC)

_LINE = """
    INSERT INTO history (charge_point_key, kind, evse_id, connector_id, reported, normalized, error_code, event_time,
                         reported_at, received_at, epoch, sequence, flags)
    SELECT max(key), $2, $3, $4, $5, $6, 'NoError', $7, $7, $7, 1, nextval('history_ids'), $8 FROM charge_points
    WHERE id = $1
"""
_REPORT = """
    INSERT INTO reports (charge_point_key, evse_id, connector_id, reported, since, event_time, received_at, epoch,
                         sequence)
    SELECT max(key), $2, $3, $4, $5, $5, $5, 1, 1 FROM charge_points WHERE id = $1
    ON CONFLICT (charge_point_key, evse_id, connector_id) DO UPDATE SET reported = $4, since = $5
"""


def minute(number: float) -> datetime:
    """So many minutes after ``T0``."""
    return T0 + timedelta(minutes=number)


@dataclass(frozen=True)
class Recorded:
    """Writes lines; a charge point is the newest that bears the id."""

    pool: Pool

    async def status(
        self, charge_point_id: str, at: float, reported: str, evse: int = 1, connector: int = 1, *flags: str
    ) -> None:
        """A connector (or with connector 0 an EVSE or the whole) says this at that minute."""
        kind = "STATUS" if connector else "EVSE" if evse else "CONNECTOR_0"
        normalized = NORMALIZED.get(reported)
        await self.pool.execute(
            _LINE, charge_point_id, kind, evse, connector, reported, normalized, minute(at), list(flags)
        )
        if "late" not in flags:
            await self.pool.execute(_REPORT, charge_point_id, evse, connector, reported, minute(at))

    async def connectivity(self, charge_point_id: str, at: float, value: str) -> None:
        """It comes or goes."""
        await self.pool.execute(_LINE, charge_point_id, "CONNECTIVITY", None, None, value, None, minute(at), [])
        await self.pool.execute(
            "UPDATE charge_points SET connectivity = $2, connectivity_since = $3"
            " WHERE key = (SELECT max(key) FROM charge_points WHERE id = $1)",
            charge_point_id,
            value,
            minute(at),
        )

    async def created(self, charge_point_id: str, at: float) -> None:
        """It was created then."""
        await self.pool.execute(
            "UPDATE charge_points SET created_at = $2 WHERE key = (SELECT max(key) FROM charge_points WHERE id = $1)",
            charge_point_id,
            minute(at),
        )

    async def deleted(self, charge_point_id: str, at: float) -> None:
        """It was deleted then."""
        await self.pool.execute(
            "UPDATE charge_points SET deleted_at = $2 WHERE key = (SELECT max(key) FROM charge_points WHERE id = $1)",
            charge_point_id,
            minute(at),
        )
