"""A TCP proxy on 127.0.0.1 that can fall silent: what it has open stays open, and nothing comes through any more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Proxy:
    """Carries bytes to ``target``; connections made after ``cut`` live."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.deaf_to: bytes | None = None  #: who sends this is carried on, and hears nothing any more
        self._target = target
        self._cuts = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._deaf: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Swallows everything on the connections there are, in both directions, without a word to anybody."""
        self._cuts += 1

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, back}
        made = self._cuts
        await asyncio.gather(self._relay(reader, back, writer, made), self._relay(there, writer, writer, made))

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, near: asyncio.StreamWriter, made: int
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if self.deaf_to is not None and self.deaf_to in data:
                    self._deaf.add(near)
                if writer in self._deaf:
                    continue
                if made == self._cuts:
                    writer.write(data)
                    await writer.drain()
        if made == self._cuts:
            writer.close()

    def end(self) -> None:
        """Closes all of them."""
        for writer in self._writers:
            writer.transport.abort()


@contextlib.asynccontextmanager
async def proxied(target: int) -> AsyncIterator[Proxy]:
    """A proxy to this port while the block runs."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.carry, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.end()
