"""Connections of slow and silent clients: how soon it is over, and what is no silence."""

import asyncio
import contextlib
import time

import pytest

from shared.http.connection import Limits
from tests.integration.shared.wire import GET, LARGE, SOON, WITHIN_S, Server, problem, served

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


@pytest.mark.parametrize(
    ("words", "told"),
    [(b"", "1 silent"), (GET, None), (b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1", None)],
    ids=["connects and asks nothing", "asks, and keeps the connection", "the same, with a body"],
)
async def test_only_who_never_asked_is_told(words: bytes, told: str | None, caplog: pytest.LogCaptureFixture) -> None:
    """Prometheus keeps its connections from one scrape to the next, which is longer than we wait."""
    async with served() as server:
        await server.answer(words)
    warnings = [record for record in caplog.records if record.name == "plugwatch.http"]
    assert [record.__dict__["closed"] for record in warnings] == ([told] if told else [])


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
