"""Connections of hostile, slow and silent clients, by raw sockets: what they may cost, and how soon it is over."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
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
#: begun, and not ended
HEADS = [b"G", b"GET /size HTTP/1.1", b"GET /size HTTP/1.1\r\nHost: x\r\n", b"GET /size HTTP/1.0\r\n"]
BODIES = [
    b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n",
    b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
    b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n",
]
LENGTHS = [
    b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Content-Length: 5, 6\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: +5\r\n",
    b"Content-Length: 5e1\r\n",
    b"Content-Length: " + b"9" * 40 + b"\r\n",
    b"Transfer-Encoding: gzip\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding: xchunked\r\n",
]
JUNK = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200 + b"\r\n\r\n",
    b"\x00\r\n\r\n",
    b"GET /size\r\n\r\n",
    b"GET /size HTTP/1.1\r\n\r\n",
    b"GET /size HTTP/3.0\r\nHost: x\r\n\r\n",
    b"GET /s\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /size HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    b"GET /size HTTP/1.1\r\nHost: x\r\nbad name: 1\r\n\r\n",
    b"GET /size HTTP/1.1\r\nHost: x\r\nx: \x00\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HEAD /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /endless HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
]


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


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with served() as server:
        yield server


def problem(answer: bytes, status: int) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    document: dict[str, Any] = json.loads(body)
    assert document["status"] == status
    assert document["detail"]
    return document


def test_all_is_over_within_15_s() -> None:
    noticed_s = 1
    assert max(Limits().head_s, Limits().body_s) + noticed_s < 15


async def test_a_silent_connection_is_closed(server: Server) -> None:
    began = time.monotonic()
    assert await server.answer(b"") == b""
    assert SOON.head_s <= time.monotonic() - began < WITHIN_S


async def test_a_head_that_does_not_end_is_closed(server: Server) -> None:
    for answer in await asyncio.gather(*map(server.answer, HEADS)):
        assert "head" in problem(answer, 408)["detail"]


async def test_a_head_that_drips_is_closed(server: Server) -> None:
    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await wire.send(b"x: y\r\n")
                await asyncio.sleep(0.1)

    async with server.wire() as wire:
        await wire.send(b"GET /size HTTP/1.1\r\n")
        dripping = asyncio.create_task(drip())
        problem(await wire.rest(), 408)
        dripping.cancel()


async def test_a_body_that_stops_coming_is_closed(server: Server) -> None:
    for answer in await asyncio.gather(*map(server.answer, BODIES)):
        assert "body" in problem(answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n"), 408)["detail"]


@pytest.mark.parametrize("path", [b"refusing", b"endless"])
async def test_a_body_that_nobody_waits_for_must_come_all_the_same(server: Server, path: bytes) -> None:
    answer = await server.answer(b"POST /%b HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n" % path)
    assert answer.startswith((b"HTTP/1.1 401", b"HTTP/1.1 200"))


async def test_a_slow_body_that_goes_on_is_taken(server: Server) -> None:
    async with server.wire() as wire:
        await wire.send(b"POST /size HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8\r\n\r\n")
        for _ in range(8):
            await asyncio.sleep(0.2)  # together longer than body_s
            await wire.send(b"x")
        assert (await wire.rest()).endswith(b"/size 8")


@pytest.mark.parametrize("path", [b"size", b"refusing"])
@pytest.mark.parametrize("body", [b"Content-Length: 100\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n64\r\n"])
async def test_a_body_that_drips_is_closed(path: bytes, body: bytes) -> None:
    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await wire.send(b"x")
                await asyncio.sleep(0.1)

    async with served(Limits(body_s=0.5, whole_body_s=1)) as server, server.wire() as wire:
        await wire.send(b"POST /%b HTTP/1.1\r\nHost: x\r\n" % path + body)
        dripping = asyncio.create_task(drip())
        answer = await wire.rest()
        assert not dripping.done() or path == b"refusing"
        dripping.cancel()
    if path == b"size":
        assert "slowly" in problem(answer, 408)["detail"]


async def test_a_large_body_has_its_time(server: Server) -> None:
    limits = Limits(body_s=0.5, whole_body_s=0.1, body_bytes=1024)
    async with served(limits) as server, server.wire() as wire:
        await wire.send(b"POST /size HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8192\r\n\r\n")
        for _ in range(8):
            await wire.send(b"x" * 1024)
            await asyncio.sleep(0.25)  # a quarter of what it has
        assert (await wire.rest()).endswith(b"/size 8192")


async def test_blank_lines_before_a_request_are_left_out(server: Server) -> None:
    post = b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab\r\n"
    for blank in (b"\r\n", b"\n", b"\r\n\r\n", b"\r\n" * 40_000):
        async with server.wire() as wire:
            await wire.send(blank + GET)
            await wire.until(b"/size 0")
            await wire.send(post + blank + post)
            await wire.until(b"/size 2")
            await wire.until(b"/size 2")
            for byte in b"\r\n" + GET:  # each by itself
                await wire.send(bytes([byte]))
            await wire.until(b"/size 0")
            assert await wire.rest() == b""


async def test_an_answer_that_takes_long_is_no_silence(server: Server) -> None:
    async with server.wire() as wire:
        await wire.send(GET.replace(b"size", b"endless"))
        began = time.monotonic()
        while time.monotonic() - began < 4 * SOON.head_s:
            await wire.until(b"x" * 1024)


async def test_a_kept_connection_is_used_again_and_closed_when_silent(server: Server) -> None:
    async with server.wire() as wire:
        for _ in range(3):
            await wire.send(GET)
            await wire.until(b"/size 0")
        assert await wire.rest() == b""


async def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    async with server.wire() as wire:
        await wire.send(GET * 3 + b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab" + b"junk\r\n\r\n")
        answers = await wire.rest()
    assert re.findall(rb"/size \d", answers) == [b"/size 0"] * 3 + [b"/size 2"]
    problem(answers[answers.rindex(b"HTTP/1.1") :], 400)


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
@pytest.mark.parametrize("order", [lambda a, b: a + b, lambda a, b: b + a])
async def test_a_request_with_two_lengths_is_refused_unread(
    server: Server, version: bytes, order: Callable[[bytes, bytes], bytes]
) -> None:
    headers = order(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n")
    async with server.wire() as wire:
        await wire.send(b"POST /size HTTP/" + version + b"\r\nHost: x\r\n" + headers + b"\r\n")
        sent, answer = await asyncio.gather(wire.flood(PIECE, LARGE), wire.rest())
        assert sent < LARGE / 4
        problem(answer, 400)
    assert server.received == 0


async def test_a_length_that_can_be_read_in_two_ways_is_refused(server: Server) -> None:
    heads = [b"POST /size HTTP/1.1\r\nHost: x\r\n" + lengths + b"\r\nhello" for lengths in LENGTHS]
    for answer in await asyncio.gather(*map(server.answer, heads)):
        assert re.match(rb"HTTP/1.1 (400|501) ", answer), answer
    assert server.received == 0


@pytest.mark.parametrize("length", [b"Content-Length: %d" % LARGE, b"Transfer-Encoding: chunked"])
async def test_a_large_body_that_was_refused_is_not_read_on(server: Server, length: bytes) -> None:
    async with server.wire() as wire:
        await wire.send(b"POST /refusing HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n\r\n")
        sent, answer = await asyncio.gather(wire.flood(PIECE, LARGE), wire.rest())
        assert sent < LARGE / 4
        assert answer.startswith(b"HTTP/1.1 401 ")


async def test_after_a_small_body_that_was_refused_the_connection_goes_on(server: Server) -> None:
    async with server.wire() as wire:
        await wire.send(b"POST /refusing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        await wire.until(b"no")
        await wire.send(b"x" * 1000 + GET)
        assert b"200 OK" in await wire.until(b"/size 0")


async def test_chunks_that_cost_more_than_they_bring_are_refused(server: Server) -> None:
    answer = await server.answer(
        b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 20_000
    )
    assert "chunks" in problem(answer, 400)["detail"]


async def test_what_is_no_request_is_refused_without_a_bug(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    for answer in await asyncio.gather(*map(server.answer, JUNK)):
        assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
    assert b"200 OK" in await server.answer(GET)
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    "large", [b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\n\r\n", GET[:-2] + b"x: y\r\n" * 100_000]
)
async def test_a_head_that_is_too_large_is_refused(server: Server, large: bytes) -> None:
    async with server.wire() as wire:
        _, answer = await asyncio.gather(wire.flood(large, len(large)), wire.rest())
        problem(answer, 431)


@pytest.mark.parametrize("target", [b"http://plugwatch.test/size", b"HTTPS://x:1/size", b"/size", b"/si%7Ae"])
async def test_a_target_may_be_absolute(server: Server, target: bytes) -> None:
    answer = await server.answer(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"/size 0"), answer


async def test_http_1_0_is_answered_and_closed(server: Server) -> None:
    assert (await server.answer(b"GET /size HTTP/1.0\r\n\r\n")).endswith(b"/size 0")


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c"])
async def test_there_is_nothing_to_upgrade_to(server: Server, upgrade: bytes) -> None:
    answer = await server.answer(
        b"GET /size HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: " + upgrade + b"\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200")


async def test_silent_connections_give_way_to_a_new_one() -> None:
    limits = Limits(connections=20)
    async with served(limits) as server, contextlib.AsyncExitStack() as stack:
        for _ in range(200):
            await stack.enter_async_context(server.wire())
        for _ in range(20):
            async with server.wire() as wire:
                await wire.send(GET)
                assert b"200 OK" in await wire.until(b"/size 0")


async def test_connections_that_are_being_answered_are_not_ended_for_a_new_one() -> None:
    async with served(Limits(connections=5)) as server, contextlib.AsyncExitStack() as stack:
        listening = [await stack.enter_async_context(server.wire()) for _ in range(5)]
        for wire in listening:
            await wire.send(GET.replace(b"size", b"endless"))
            await wire.until(b"xxx")
        assert (await server.answer(GET)).startswith(b"HTTP/1.1 503 ")
        for wire in listening:
            await wire.until(b"x" * 1024)


async def test_for_a_client_that_does_not_read_nothing_piles_up(server: Server) -> None:
    async with server.wire() as wire:
        await wire.send(GET.replace(b"size", b"large") * 50)
        before = -1
        while before < server.made:  # until the kernel's buffers and ours are full
            before = server.made
            await asyncio.sleep(0.5)
        assert 0 < server.made < LARGE / 4
