"""Requests that can be read in two ways, that are too large, or that are none: one reading of each, and its cost."""

import asyncio
import re
from collections.abc import Callable

import pytest

from tests.integration.shared.wire import GET, LARGE, PIECE, Server, problem

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
