"""The API in this process as the tests see it, and the state of charge points as a rollup leaves it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from api.live.stream import Stream
from api.readiness import Readiness
from shared.stores import fleet, served
from shared.stores.hot import Hot, HotCopy
from shared.stores.postgres import Pool
from shared.words import documents
from shared.words.documents import ConnectorDocument, EvseDocument
from shared.words.status import Connectivity, Status, count, health_of, rolled_up
from tests.waiting import eventually as eventually

READ, ADMIN, METRICS = "read-token-of-tests", "admin-token-of-tests", "metrics-token-of-tests"
SINCE = "2026-03-01T08:15:30.123Z"


@dataclass(frozen=True)
class Api:
    """The application under test, and what it stands on."""

    app: FastAPI
    client: httpx.AsyncClient
    pool: Pool
    copy: HotCopy
    readiness: Readiness
    stream: Stream

    async def station(self, station_id: str = "S1", *charge_points: str) -> None:
        """A station with charge points, by the API itself."""
        created = await self.client.post("/v1/stations", json={"id": station_id, "name": station_id})
        assert created.status_code == 201, created.text
        for charge_point in charge_points:
            created = await self.client.post(f"/v1/stations/{station_id}/charge-points", json={"id": charge_point})
            assert created.status_code == 201, created.text

    async def charge_point(self, charge_point_id: str) -> dict[str, Any]:
        """Its document, as it is served now."""
        document: dict[str, Any] = (await self.client.get(f"/v1/charge-points/{charge_point_id}")).json()
        return document

    async def hot(self, key: str) -> Hot:
        found = await self.copy.read(key)
        assert found is not None, key
        return found

    async def reads(self, source: str) -> float:
        """How many documents were read from there so far."""
        text = (await self.client.get("/metrics", headers=bearer(METRICS))).text
        line = next(
            line for line in text.splitlines() if line.startswith(f'plugwatch_api_reads_total{{source="{source}"')
        )
        return float(line.split()[-1])

    async def rolled_up(
        self, charge_point_id: str, *evses: Status, connectivity: Connectivity = "ONLINE", operative: bool = True
    ) -> None:
        """Puts a charge point into a state, in Postgres and Redis, as the rollup does."""
        counts = count(evses)
        async with self.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "SELECT key, station_key, document FROM charge_points WHERE id = $1 AND deleted_at IS NULL",
                charge_point_id,
            )
            assert row is not None, charge_point_id
            stations = [row["station_key"]] if row["station_key"] else []
            await fleet.lock_stations(connection, stations)
            (revision,) = await fleet.take_revisions(connection, 1)
            document = documents.charge_point(row["document"]).with_(
                revision=revision,
                status=rolled_up(counts),
                health=health_of(counts),
                counts=counts,
                connectivity=connectivity,
                operative=operative,
                evses=tuple(evse(number, status) for number, status in enumerate(evses, start=1)),
            )
            await connection.execute(
                """
                UPDATE charge_points SET status = $2, health = $3, evse_counts = $4, connector_counts = $4,
                       connectivity = $5, operative = $6, revision = $7, document = $8 WHERE key = $1
                """,
                row["key"],
                document.status,
                document.health,
                counts,
                connectivity,
                operative,
                revision,
                documents.encode(document).decode(),
            )
            changes = await served.changes_of(connection, [], [row["key"]])
            changes += await fleet.roll_up(connection, stations, time.time_ns() // 1_000_000)
        await self.copy.publish(changes)


async def vouched(copy: HotCopy) -> None:
    """Has the documents in Redis count for an hour, as a rollup does for seconds."""
    await copy.set_filled()
    await copy.mark(await copy.now(), 3600)


def evse(number: int, status: Status) -> EvseDocument:
    """An EVSE of one connector."""
    reported = status.capitalize()
    connector = ConnectorDocument(
        id=1,
        reported=reported,
        normalized=status,
        status=status,
        reason="OWN",
        error_code="NoError",
        vendor_error_code=None,
        vendor_id=None,
        info=None,
        since=SINCE,
        reported_at=SINCE,
        received_at=SINCE,
    )
    return EvseDocument(id=number, status=status, reported=None, since=SINCE, connectors=(connector,))


def bearer(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token}"}
