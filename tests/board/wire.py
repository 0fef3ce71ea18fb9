"""A TCP proxy between browser and API, in a thread of its own: it can fall silent, and refuse."""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.integration.severed import Proxy


class Wire:
    """``url`` leads to the API as long as nobody cuts it."""

    def __init__(self, url: str) -> None:
        self._target = int(url.rpartition(":")[2])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire")
        self._proxy = Proxy(self._target)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._proxy.port}"

    def cut(self) -> None:
        """What is open falls silent, without a word to anybody; who comes anew gets through."""
        self._done(self._proxy.cut)

    def refuse(self) -> None:
        """What is open ends, and nobody gets through any more."""

        def refused() -> None:
            assert self._server is not None
            self._server.close()
            self._proxy.end()

        self._done(refused)

    def mend(self) -> None:
        """Who comes gets through again."""
        asyncio.run_coroutine_threadsafe(self._listen(self._proxy.port), self._loop).result(10)

    async def _listen(self, port: int) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", port, reuse_address=True)
        self._proxy.port = self._server.sockets[0].getsockname()[1]

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._proxy.carry(reader, writer)
        except OSError:
            writer.transport.abort()

    def _done(self, act: Callable[[], None]) -> None:
        async def acted() -> None:
            act()

        asyncio.run_coroutine_threadsafe(acted(), self._loop).result(10)

    def __enter__(self) -> Self:
        self._thread.start()
        self.mend()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.refuse()
        asyncio.run_coroutine_threadsafe(_ended(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


async def _ended() -> None:
    """Ends whatever still carries bytes."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
