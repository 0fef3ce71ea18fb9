"""A charger that talks to a gateway."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.closing import close_code
from tests.integration.gateway.parts import WITHIN_S, Gateway


class Charger:
    """A charger on an open websocket."""

    _ids = itertools.count(1)

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, action: str, payload: object) -> str:
        """Sends a CALL; returns its id."""
        message_id = f"m{next(self._ids)}"
        await self.socket.send(json.dumps([2, message_id, action, payload]))
        return message_id

    async def receive(self, within_s: float = WITHIN_S) -> list[Any]:
        """The next frame."""
        async with asyncio.timeout(within_s):
            frame: list[Any] = json.loads(await self.socket.recv())
        return frame

    async def call(self, action: str, payload: object, within_s: float = WITHIN_S) -> list[Any]:
        """A CALL and its answer; the CALLs of the gateway that come before it are left unanswered."""
        message_id = await self.send(action, payload)
        while (frame := await self.receive(within_s))[0] == 2:
            pass
        assert frame[1] == message_id, frame
        return frame

    async def report(self, status: str, connector: int = 1) -> list[Any]:
        """A 1.6 StatusNotification and its answer."""
        return await self.call("StatusNotification", status_of(status, connector))

    async def hears_nothing(self, for_s: float = 1.0) -> None:
        """Fails when a frame comes in that time."""
        try:
            frame = await self.receive(for_s)
        except TimeoutError:
            return
        raise AssertionError(f"a frame came: {frame}")

    async def closed(self, within_s: float = WITHIN_S) -> int:
        """Waits until the gateway closes; the close code."""
        return await close_code(self.socket, within_s)


def status_of(status: str, connector: int = 1, **more: object) -> dict[str, object]:
    """A 1.6 StatusNotification's payload."""
    return {"connectorId": connector, "errorCode": "NoError", "status": status, **more}


def _socket(gateway: Gateway, charge_point_id: str, protocols: Sequence[str], options: Mapping[str, Any]) -> connect:
    offered = [Subprotocol(one) for one in protocols or ("ocpp1.6",)]
    given = {"ping_interval": None, "proxy": None, "compression": None, "close_timeout": 1, **options}
    return connect(gateway.url(charge_point_id), subprotocols=offered, **given)


@asynccontextmanager
async def charging(gateway: Gateway, charge_point_id: str, *protocols: str, **options: Any) -> AsyncIterator[Charger]:
    """A charger that is connected while the block runs; it speaks 1.6 unless told, and sends no pings.

    To 503 it comes again, as chargers do: what the test before left may still be on its way to the broker.
    """
    until = time.monotonic() + WITHIN_S
    while True:
        try:
            socket = await _socket(gateway, charge_point_id, protocols, options)
            break
        except InvalidStatus as refused:
            if refused.response.status_code != 503 or time.monotonic() > until:
                raise
            await asyncio.sleep(0.05)
    async with socket:
        yield Charger(socket)


async def refusal(gateway: Gateway, charge_point_id: str, *protocols: str, **options: Any) -> int:
    """The HTTP status of one handshake; 101 when the charger was let in."""
    try:
        async with _socket(gateway, charge_point_id, protocols, options):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code
