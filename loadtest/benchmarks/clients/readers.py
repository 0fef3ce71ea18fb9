"""Readers of an HTTP API, each with one request outstanding on a connection that is kept; as little work as can be."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import cast

PATIENCE_S = 120


class _Reader(asyncio.Protocol):
    """Answers each answer with the next request."""

    def __init__(self, readers: "Readers") -> None:
        self._readers = readers
        self._transport = cast(asyncio.Transport, None)
        self._buffer = b""
        self._wanted = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remembers it."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Which none of them expects."""
        self._readers.fail(ConnectionError("the server closed"))

    def data_received(self, data: bytes) -> None:
        """A part of an answer, or all of it."""
        self._buffer = data = self._buffer + data if self._buffer else data
        if not self._wanted:
            head, found, _ = data.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 200"):
                self._readers.fail(ConnectionError(head[:200].decode(errors="replace")))
                return
            lines = head.lower()
            self._wanted = len(head) + 4 + int(lines.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(data) >= self._wanted:
            self._buffer, self._wanted = b"", 0
            self._readers.answered(self)

    def ask(self, request: bytes) -> None:
        """One request."""
        self._transport.write(request)

    def close(self) -> None:
        """Drops the connection."""
        self._transport.abort()


class Readers:
    """So many connections that ask for these paths in turn."""

    def __init__(self, paths: Sequence[str], token: str = "none") -> None:
        self._requests: Iterator[bytes] = cycle(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            for path in paths
        )
        self._readers: list[_Reader] = []
        self._left = self._busy = 0
        self._done: asyncio.Future[None] | None = None

    async def connect(self, port: int, n: int) -> None:
        """Opens the connections."""
        loop = asyncio.get_running_loop()
        for _ in range(n):
            _, reader = await loop.create_connection(lambda: _Reader(self), "127.0.0.1", port)
            self._readers.append(reader)

    async def run(self, requests: int) -> float:
        """Has so many requests answered by 200; returns the seconds it took.

        Raises:
            ConnectionError: another answer, or none.
        """
        self._done = asyncio.get_running_loop().create_future()
        self._left = requests
        started = time.monotonic()
        for reader in self._readers[:requests]:
            self._left -= 1
            self._busy += 1
            reader.ask(next(self._requests))
        await asyncio.wait_for(self._done, PATIENCE_S)
        return time.monotonic() - started

    def answered(self, reader: _Reader) -> None:
        """The next, or rest."""
        if self._left > 0:
            self._left -= 1
            reader.ask(next(self._requests))
            return
        self._busy -= 1
        if not self._busy and self._done is not None:
            self._done.set_result(None)

    def fail(self, error: ConnectionError) -> None:
        """Ends the run."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)

    def close(self) -> None:
        """Drops them all."""
        self._done = None
        for reader in self._readers:
            reader.close()
