"""How a websocket of ours is closed, as the charger on it sees it."""

import asyncio

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

ABNORMAL = 1006  #: RFC 6455 7.4.1: the connection ended without a close frame


async def close_code(socket: ClientConnection, within_s: float) -> int:
    """Waits until we close it; the code with which we do. Frames that still come are dropped."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else ABNORMAL
