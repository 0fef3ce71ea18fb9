"""The wire between the system and its servers: what becomes of connections that it holds half open."""

import asyncio
import socket
from typing import Any

from tests.faults.wire import Wire


def test_half_open_connections_end_without_a_word_with_the_loop() -> None:
    said: list[dict[str, Any]] = []

    async def silenced(server: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: said.append(context))
        async with Wire(server.getsockname()[1]).up() as wire:
            _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
            writer.write(b"heard")
            far, _ = await asyncio.wait_for(loop.sock_accept(server), 5)
            with far:
                far.setblocking(False)
                assert await asyncio.wait_for(loop.sock_recv(far, 5), 5) == b"heard"
                wire.silence()
                writer.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        asyncio.run(silenced(server))
    assert said == []
