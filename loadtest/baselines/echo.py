"""The baseline: a bare ``websockets.asyncio`` echo server, ``python -m loadtest.baselines.echo PORT``."""

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, serve


async def echo(connection: ServerConnection) -> None:
    """Sends every message back."""
    async for message in connection:
        await connection.send(message)


async def main(port: int) -> None:
    """Serves until killed."""
    async with serve(echo, "127.0.0.1", port, subprotocols=["ocpp1.6"], compression=None, ping_interval=None):  # type: ignore[list-item]
        print("ready", flush=True)
        await asyncio.Future()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
