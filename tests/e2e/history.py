"""The rows of `history` that charge points left in Postgres, and what must not be among them."""

from collections.abc import Sequence

import asyncpg

OF_THESE = "FROM history JOIN charge_points ON key = charge_point_key WHERE charge_points.id = ANY($1)"
STATUSES = f"{OF_THESE} AND kind IN ('STATUS', 'CONNECTOR_0', 'EVSE')"
CONNECTOR = "charge_point_key, coalesce(evse_id, 0), coalesce(connector_id, 0)"
SAID = "row(reported, error_code, vendor_error_code, info)"

COUNT = f"SELECT count(*) {OF_THESE}"
GATEWAYS = "SELECT count(DISTINCT gateway_id) FROM charge_points WHERE id = ANY($1)"
IN_SESSION = "SELECT count(*) FROM charge_points WHERE id = ANY($1) AND connectivity = 'ONLINE' AND closed_at IS NULL"
CONNECTIVITY = f"SELECT reported {OF_THESE} AND kind = 'CONNECTIVITY' ORDER BY history.id"
DOUBLED = f"""
    SELECT charge_points.id, history.epoch, history.sequence, kind, count(*) {OF_THESE}
    GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
"""
UNCHANGED = f"""
    SELECT * FROM (
        SELECT charge_points.id, evse_id, connector_id, history.epoch, history.sequence, reported,
               {SAID} IS NOT DISTINCT FROM
               lag({SAID}) OVER (PARTITION BY {CONNECTOR} ORDER BY history.epoch, history.sequence) AS unchanged
        {STATUSES}
    ) AS changes WHERE unchanged
"""
NEWEST = f"""
    SELECT DISTINCT ON ({CONNECTOR})
           charge_points.id, coalesce(evse_id, 0) || ':' || coalesce(connector_id, 0) AS connector, reported
    {STATUSES} ORDER BY {CONNECTOR}, history.epoch DESC, history.sequence DESC
"""


class History:
    """The history of some charge points."""

    def __init__(self, database: asyncpg.Connection, charge_point_ids: Sequence[str]) -> None:
        self._database = database
        self._ids = charge_point_ids

    async def count(self) -> int:
        count: int = await self._database.fetchval(COUNT, self._ids)
        return count

    async def gateways(self) -> int:
        """On how many gateways their newest sessions are or were."""
        count: int = await self._database.fetchval(GATEWAYS, self._ids)
        return count

    async def in_session(self) -> int:
        """How many are in a session of which no end is applied; the end is the last event of a charger that left."""
        count: int = await self._database.fetchval(IN_SESSION, self._ids)
        return count

    async def connectivity(self) -> list[str]:
        """How they came and went."""
        return [row["reported"] for row in await self._database.fetch(CONNECTIVITY, self._ids)]

    async def doubled(self) -> list[asyncpg.Record]:
        """Event identities with more than one row of a kind."""
        return await self._database.fetch(DOUBLED, self._ids)

    async def unchanged(self) -> list[asyncpg.Record]:
        """Rows that say what the row before them said of the same connector."""
        return await self._database.fetch(UNCHANGED, self._ids)

    async def newest(self) -> dict[tuple[str, str], str]:
        """The last reported status of each (charge point, `evse:connector`)."""
        rows = await self._database.fetch(NEWEST, self._ids)
        return {(row["id"], row["connector"]): row["reported"] for row in rows}
