"""A TCP wire to a server of 127.0.0.1 that can be cut, or fall silent with its connections open."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

CHUNK = 65_536


class Wire:
    """Passes bytes both ways until it is told otherwise."""

    def __init__(self, to_port: int) -> None:
        self.port = 0
        self._to_port = to_port
        self._open: set[asyncio.StreamWriter] = set()
        self._deaf: set[asyncio.StreamWriter] = set()

    @contextlib.asynccontextmanager
    async def up(self) -> "AsyncIterator[Wire]":
        """Listens on ``port`` for the block."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await asyncio.sleep(0)  # the callbacks of what was cut

    def cut(self) -> None:
        """Resets every connection, whatever is in the middle of it."""
        for writer in list(self._open):
            writer.transport.abort()  # the reader beside it then sees the end, and the far side is aborted, too

    def silence(self) -> None:
        """What is connected now stays connected and hears nothing any more, for ever; new connections are well."""
        self._deaf |= self._open

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_writer = None
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
            self._open.add(writer)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, far_writer, writer))
                both.create_task(self._pass(far_reader, writer, writer))
        except* (OSError, EOFError, asyncio.CancelledError):
            pass  # cancelled at the end of the loop, too: Python 3.11 logs a traceback for each that is left so
        finally:
            self._open.discard(writer)
            self._deaf.discard(writer)
            writer.transport.abort()
            if far_writer is not None:
                far_writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, near: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK):
            if near not in self._deaf:
                sink.write(data)
                await sink.drain()
        if near in self._deaf:
            await asyncio.Event().wait()  # half open: nobody is told of the end either
        raise EOFError
