"""What most teams build first: ``python -m loadtest.baselines.ocpp_insert PORT DATABASE_URL``.

The central system of the `ocpp` package's README (its schema validation and the default pings of `websockets` with it)
and one INSERT a status, by a pool of asyncpg. No inventory, no order, no state, no log, no API.
"""

import asyncio
import contextlib
import sys
from datetime import UTC, datetime
from typing import Any

import asyncpg
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import Action, RegistrationStatus
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

_TABLE = """
    CREATE TABLE IF NOT EXISTS status_notifications (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, charge_point_id text NOT NULL, connector_id int NOT NULL,
        status text NOT NULL, error_code text NOT NULL, reported_at timestamptz, received_at timestamptz NOT NULL
    )
"""
_INSERT = """
    INSERT INTO status_notifications (charge_point_id, connector_id, status, error_code, reported_at, received_at)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


class Charger(ChargePoint):  # type: ignore[misc]
    """One charger."""

    pool: "asyncpg.Pool[asyncpg.Record]"

    @on(Action.boot_notification)  # type: ignore[untyped-decorator]
    def on_boot(self, **_: Any) -> call_result.BootNotification:
        """Lets it in."""
        now = datetime.now(UTC).isoformat()
        return call_result.BootNotification(current_time=now, interval=300, status=RegistrationStatus.accepted)

    @on(Action.heartbeat)  # type: ignore[untyped-decorator]
    def on_heartbeat(self) -> call_result.Heartbeat:
        """Tells the time."""
        return call_result.Heartbeat(current_time=datetime.now(UTC).isoformat())

    @on(Action.status_notification)  # type: ignore[untyped-decorator]
    async def on_status(
        self, connector_id: int, error_code: str, status: str, timestamp: str | None = None, **_: Any
    ) -> call_result.StatusNotification:
        """Stores it, then answers."""
        reported_at = datetime.fromisoformat(timestamp) if timestamp else None
        await self.pool.execute(_INSERT, self.id, connector_id, status, error_code, reported_at, datetime.now(UTC))
        return call_result.StatusNotification()


async def main(port: int, database_url: str) -> None:
    """Serves until killed."""
    async with asyncpg.create_pool(database_url) as pool:
        await pool.execute(_TABLE)
        Charger.pool = pool

        async def on_connect(connection: ServerConnection) -> None:
            assert connection.request is not None
            with contextlib.suppress(ConnectionClosed):
                await Charger(connection.request.path.rpartition("/")[2], connection).start()

        async with serve(on_connect, "127.0.0.1", port, subprotocols=[Subprotocol("ocpp1.6")]):
            await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
