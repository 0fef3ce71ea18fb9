"""Answers to plain requests: framed as their kind demands, in order, and never with a header of somebody else's."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from shared.http.server import serving
from tests.integration.shared.wire import GET, Server, served

LENGTH = (b"content-length", b"5")


@contextlib.asynccontextmanager
async def answering(*messages: dict[str, object]) -> AsyncIterator[Server]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send({"type": "http.response.body"} | message)

    async with serving(app, "127.0.0.1", 0) as port:
        yield Server(port)


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, object]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


async def test_requests_that_come_early_are_answered_in_order() -> None:
    async with served() as server, server.wire() as wire:
        await wire.send(GET)
        await wire.send(GET.replace(b"size", b"si%7Ae"))
        await wire.send(GET.replace(b"size", b"refusing") + GET[:9])
        await wire.until(b"/size 0")
        await wire.until(b"/size 0")
        await wire.until(b"no")
        await wire.send(GET[9:])
        assert b"200 OK" in await wire.until(b"/size 0")


async def test_plain_and_other_requests_take_turns_on_one_connection() -> None:
    post = b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
    async with served() as server, server.wire() as wire:
        for _ in range(3):
            await wire.send(GET)
            await wire.until(b"/size 0")
            await wire.send(post)
            await wire.until(b"/size 2")


async def test_head_has_the_length_and_no_body() -> None:
    async with answering(start(LENGTH), {"body": b"12345"}) as server, server.wire() as wire:
        await wire.send(GET.replace(b"GET", b"HEAD"))
        assert b"content-length: 5\r\n" in await wire.until(b"\r\n\r\n")
        await wire.send(GET)
        assert (await wire.until(b"12345")).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_a_body_is_not_framed(status: int) -> None:
    async with answering(start(status=status), {"body": b""}) as server, server.wire() as wire:
        for _ in range(2):
            await wire.send(GET)
            answer = await wire.until(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 %d " % status)
            assert b"transfer-encoding" not in answer


async def test_a_body_of_unknown_length_goes_in_chunks() -> None:
    async with (
        answering(
            start(), {"body": b"abc", "more_body": True}, {"body": b"", "more_body": True}, {"body": b"de"}
        ) as it,
        it.wire() as wire,
    ):
        await wire.send(GET)
        answer = await wire.until(b"0\r\n\r\n")
        assert answer.endswith(b"\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert b"transfer-encoding: chunked\r\n" in answer
        await wire.send(GET.replace(b"GET", b"HEAD"))
        await wire.until(b"\r\n\r\n")
        await wire.send(GET)
        assert (await wire.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")


async def test_what_comes_after_an_answer_is_a_bug_and_not_sent(caplog: pytest.LogCaptureFixture) -> None:
    async with answering(start(), {"body": b"abc"}, {"body": b"late"}) as server, server.wire() as wire:
        for _ in range(2):
            await wire.send(GET)
            assert (await wire.until(b"0\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    assert "bug" in caplog.text


async def test_an_answer_that_begins_twice_is_a_bug_and_ends_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    async with answering(start(), start(), {"body": b"abc"}) as server:
        assert (await server.answer(GET)).endswith(b"\r\n\r\n")
    assert "bug" in caplog.text


@pytest.mark.parametrize("value", [b"a\r\nx: y", b"a\nx: y", b"a\rb", b"a\0"])
async def test_a_header_with_a_line_break_is_a_bug_and_not_sent(value: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with answering(start((b"x-name", value), LENGTH), {"body": b"12345"}) as server:
        answer = await server.answer(GET)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"x-name" not in answer
    assert "bug" in caplog.text


@pytest.mark.parametrize("body", [b"1234", b"123456"])
async def test_a_body_of_another_length_ends_the_connection(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with answering(start(LENGTH), {"body": body}) as server:
        assert await server.answer(GET) == b""
    assert "bug" in caplog.text


async def test_an_answer_that_asks_for_it_ends_the_connection() -> None:
    async with answering(start(LENGTH, (b"connection", b"close")), {"body": b"12345"}) as server:
        answer = await server.answer(GET)
    assert answer.lower().count(b"connection: close") == 1


async def test_an_application_hears_that_its_client_has_gone() -> None:
    heard = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        assert (await receive())["type"] == "http.disconnect"
        await send(start())  # to nobody
        heard.set()

    async with serving(app, "127.0.0.1", 0) as port:
        async with Server(port).wire() as wire:
            await wire.send(GET)
        async with asyncio.timeout(5):
            await heard.wait()


async def test_a_stopping_server_answers_and_closes() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await go_on.wait()
        await send(start(LENGTH))
        await send({"type": "http.response.body", "body": b"12345"})

    server = serving(app, "127.0.0.1", 0)
    async with Server(await server.__aenter__()).wire() as wire:
        await wire.send(GET)
        await begun.wait()
        stopping = asyncio.create_task(server.__aexit__(None, None, None))
        asyncio.get_running_loop().call_later(0.3, go_on.set)
        assert (await wire.rest()).endswith(b"12345")
        await stopping
