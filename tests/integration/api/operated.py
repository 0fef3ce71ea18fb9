"""Gateways and a rollup as real processes beside the API, and chargers that answer what they are asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from local.ports import free_port
from local.process import stop_all
from local.service import Service
from local.stack import Stack
from tests.closing import close_code
from tests.integration.api.served import Api, eventually
from tests.integration.gateway.parts import ROOT, Gateway

WITHIN_S = 30.0


@dataclass(frozen=True)
class Ingest:
    """What runs beside the API: one rollup, two gateways."""

    gateways: Sequence[Gateway]
    rollup: Service


@contextmanager
def ingesting(stack: Stack, database_url: str, directory: Path, **more: str) -> Iterator[Ingest]:
    """They run while the block does; ``more`` are settings (``ACK_DEADLINE_S="2"``)."""
    topic = f"operated-{token_hex(4)}"
    stack.broker.create_topic(topic)
    stack.broker.create_topic(f"{topic}.dlq")
    settings = {
        "DATABASE_URL": database_url,
        "TOPIC": topic,
        "DEAD_LETTER_TOPIC": f"{topic}.dlq",
        "CONSUMER_GROUP": topic,
        "CLOSE_GRACE_S": "1",
        **more,
    }
    environment = stack.environment | {f"PLUGWATCH_{name}": value for name, value in settings.items()}
    port = free_port()
    own = {"PLUGWATCH_HOST": "127.0.0.1", "PLUGWATCH_ROLLUP_ADMIN_PORT": str(port)}
    rollup = Service(f"rollup-{topic}", "ingest.rollup", directory, environment | own, port)
    rollup.directory = ROOT
    gateways = [Gateway(f"gateway-{topic}-{number}", directory, environment) for number in (1, 2)]
    every = [rollup, *gateways]
    try:
        for process in every:
            process.spawn()
        for process in every:
            process.wait_ready()
        yield Ingest(gateways, rollup)
    finally:
        stop_all(every, 10)


class Plug:
    """A charger on an open websocket; frames that are not asked for here are kept in order."""

    def __init__(self, socket: ClientConnection, dialect: str) -> None:
        self.socket = socket
        self.dialect = dialect
        self._asked: list[list[Any]] = []

    async def call(self, action: str, payload: Mapping[str, object]) -> Any:
        """A CALL of the charger, and the payload of its answer."""
        message_id = token_hex(4)
        await self.socket.send(json.dumps([2, message_id, action, payload]))
        while (frame := await self._frame())[0] == 2:
            self._asked.append(frame)
        assert frame[:2] == [3, message_id], frame
        return frame[2]

    async def boot(self) -> None:
        if self.dialect == "ocpp1.6":
            payload: dict[str, object] = {"chargePointVendor": "V", "chargePointModel": "M"}
        else:
            payload = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
        assert (await self.call("BootNotification", payload))["status"] == "Accepted"

    async def report(self, status: str, evse: int = 1) -> None:
        """A StatusNotification of one connector."""
        if self.dialect == "ocpp1.6":
            payload: dict[str, object] = {"connectorId": evse, "errorCode": "NoError", "status": status}
        else:
            at = "2026-03-01T08:15:30.123Z"
            payload = {"evseId": evse, "connectorId": 1, "connectorStatus": status, "timestamp": at}
        await self.call("StatusNotification", payload)

    async def asked(self, within_s: float = WITHIN_S) -> list[Any]:
        """The next CALL of ours: [2, id, action, payload]."""
        while not self._asked:
            frame = await self._frame(within_s)
            if frame[0] == 2:
                self._asked.append(frame)
        return self._asked.pop(0)

    async def answer(self, payload: Mapping[str, object], within_s: float = WITHIN_S) -> list[Any]:
        """Answers the next CALL of ours, and returns it."""
        frame = await self.asked(within_s)
        await self.socket.send(json.dumps([3, frame[1], payload]))
        return frame

    async def refuse(self, code: str, description: str) -> list[Any]:
        """Answers the next CALL of ours with a CALLERROR."""
        frame = await self.asked()
        await self.socket.send(json.dumps([4, frame[1], code, description, {}]))
        return frame

    async def hears_nothing(self, for_s: float) -> None:
        with suppress(TimeoutError):
            raise AssertionError(f"was asked {await self.asked(for_s)}")

    async def closed(self) -> int:
        """The code with which we close."""
        return await close_code(self.socket, WITHIN_S)

    async def _frame(self, within_s: float = WITHIN_S) -> list[Any]:
        async with asyncio.timeout(within_s):
            frame: list[Any] = json.loads(await self.socket.recv())
        return frame


@asynccontextmanager
async def plugged(
    api: Api, gateway: Gateway, charge_point_id: str, dialect: str = "ocpp1.6", *reported: str
) -> AsyncIterator[Plug]:
    """A charger that has booted, reported its connectors and is known as ONLINE here, while the block runs."""
    async with knocking(gateway, charge_point_id, dialect) as plug:
        await plug.boot()
        statuses = reported or ("Available",)
        for evse, status in enumerate(statuses, start=1):
            await plug.report(status, evse)
        evses = "(SELECT sum(value::int) FROM jsonb_each_text(evse_counts)) = $3"
        wanted = ["gateway_id = $2", "connectivity = 'ONLINE'", "closed_at IS NULL", evses]

        async def known() -> bool:
            query = f"SELECT {' AND '.join(wanted)} FROM charge_points WHERE id = $1 AND deleted_at IS NULL"
            return bool(await api.pool.fetchval(query, charge_point_id, gateway.id, len(statuses)))

        await eventually(known)
        yield plug


@asynccontextmanager
async def knocking(gateway: Gateway, charge_point_id: str, dialect: str = "ocpp1.6") -> AsyncIterator[Plug]:
    """A charger that is let in; it has said nothing yet."""
    options: dict[str, Any] = {"ping_interval": None, "proxy": None, "close_timeout": 1}
    async with connect(gateway.url(charge_point_id), subprotocols=[Subprotocol(dialect)], **options) as socket:
        yield Plug(socket, dialect)


async def refused(gateway: Gateway, charge_point_id: str) -> int:
    """The HTTP status of a handshake; 101 when the charger was let in."""
    try:
        async with knocking(gateway, charge_point_id):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


async def gone(api: Api, charge_point_id: str) -> None:
    """Waits until it is known here that the charger's socket is closed."""

    async def known() -> bool:
        query = "SELECT closed_at IS NOT NULL OR connectivity <> 'ONLINE' FROM charge_points WHERE id = $1"
        return bool(await api.pool.fetchval(query, charge_point_id))

    await eventually(known)


def new_id(prefix: str = "CP") -> str:
    """An id that nobody used: gateways remember the chargers of earlier tests."""
    return f"{prefix}-{token_hex(4)}"
