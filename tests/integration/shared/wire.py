"""A server on a port of its own, and raw sockets to it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from shared.http.connection import Limits
from shared.http.server import serving

SOON = Limits(head_s=0.5, body_s=0.5, connections=50)
WITHIN_S = 4  #: a limit, the second in which it is noticed, and a machine with other work
LARGE = 60 * 1024 * 1024
PIECE = b"10000\r\n" + b"x" * 65536 + b"\r\n"
GET = b"GET /size HTTP/1.1\r\nHost: x\r\n\r\n"


class Wire:
    """A client that sends what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def flood(self, piece: bytes, total: int) -> int:
        """Sends until the other end has had enough; how many bytes went out."""
        sent = 0
        with contextlib.suppress(ConnectionError, TimeoutError):
            while sent < total:
                async with asyncio.timeout(WITHIN_S):
                    await self.send(piece)
                sent += len(piece)
        return sent

    async def rest(self) -> bytes:
        """All that comes until the other end closes."""
        found = b""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(WITHIN_S):
                while more := await self._reader.read(65536):
                    found += more
        return found

    async def until(self, mark: bytes) -> bytes:
        async with asyncio.timeout(WITHIN_S):
            return await self._reader.readuntil(mark)


class Server:
    """A server on a port, and what its application was given."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received = 0
        self.made = 0

    @contextlib.asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Wire(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def answer(self, data: bytes) -> bytes:
        async with self.wire() as wire:
            await wire.send(data)
            return await wire.rest()


@contextlib.asynccontextmanager
async def served(limits: Limits = SOON) -> AsyncIterator[Server]:
    async def size(request: Request) -> Response:
        body = b""
        with contextlib.suppress(ClientDisconnect):
            async for piece in request.stream():
                here.received += len(piece)
                body += piece
        return PlainTextResponse(f"{request.url.path} {len(body)}")

    async def refusing(_: Request) -> Response:
        return PlainTextResponse("no", status_code=401)

    async def endless(_: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 1024
                await asyncio.sleep(0.05)

        return StreamingResponse(pieces())

    async def large(_: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            while here.made < LARGE:
                here.made += 65536
                yield b"x" * 65536

        return StreamingResponse(pieces())

    methods = ["GET", "POST", "PUT"]
    routes = [
        Route("/size", size, methods=methods),
        Route("/refusing", refusing, methods=methods),
        Route("/large", large),
        Route("/endless", endless, methods=methods),
    ]
    async with serving(Starlette(routes=routes), "127.0.0.1", 0, limits) as port:
        here = Server(port)
        yield here


def problem(answer: bytes, status: int) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    document: dict[str, Any] = json.loads(body)
    assert document["status"] == status
    assert document["detail"]
    return document
