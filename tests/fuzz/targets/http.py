"""Bytes of a client into one connection of the HTTP servers (the API's and the admin ports'): every answer can be read,
and the application sees the same requests however the bytes are cut. What the API makes of requests that can be read is
schemathesis' part (tests/integration/api/http/test_schemathesis.py).

The first byte chooses the cut.
"""

import asyncio
from functools import cache
from typing import Any

import h11
import uvicorn

from shared.http.connection import Connection, Limits, State
from tests.fuzz.wire import Transport, looped, slices

WORDS = [
    "GET ", "HEAD ", "POST ", "OPTIONS * ", "CONNECT ", "/early", "http://x/", " HTTP/1.1\r\n", " HTTP/1.0\r\n",
    "Host: x\r\n", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n",
    "Upgrade: websocket\r\n", "Connection: Upgrade\r\n", "Expect: 100-continue\r\n", "0\r\n\r\n", "\r\n\r\n",
    "5\r\nhello\r\n", ";a=b\r\n",
]  # fmt: skip

_Seen = list[tuple[str, bytes, bytes, bytes]]  #: method, path, query and body


def run(data: bytes) -> None:
    """Sends the bytes from the connect on."""
    choice, wire = (data[0] if data else 0), data[1:]
    seen, written = looped(lambda: _served(wire, choice & 31))
    assert (seen, _read(written, seen)) == looped(lambda: _whole(wire))


async def _whole(wire: bytes) -> tuple[_Seen, list[int]]:
    seen, written = await _served(wire, 0)
    return seen, _read(written, seen)


@cache
def _config() -> uvicorn.Config:
    config = uvicorn.Config(_app, ws="none", log_config=None, access_log=False, proxy_headers=False, lifespan="off")
    config.load()
    return config


async def _app(scope: Any, receive: Any, send: Any) -> None:
    body, more = b"", scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message.get("body", b""), message.get("more_body", False)
    scope["app"].append((scope["method"], scope["raw_path"], scope["query_string"], body))
    status = 405 if scope["method"] == "CONNECT" else 200  # as all that we serve does
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def _served(wire: bytes, size: int) -> tuple[_Seen, bytes]:
    seen, transport = _Seen(), Transport()
    connection = Connection(_config(), State(), {}, limits=Limits())
    connection.app = lambda scope, receive, send: _app({**scope, "app": seen}, receive, send)
    connection.connection_made(transport)
    for piece in slices(wire, size):
        if transport.is_closing():
            break
        connection.data_received(piece)
        await _settled()
    now = asyncio.get_running_loop().time()
    for later in (1, 11, 13):
        connection.close_if_overdue(now + later)
    connection.connection_lost(None)
    await _settled()
    return seen, bytes(transport.written)


async def _settled() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


def _read(written: bytes, seen: _Seen) -> list[int]:
    """The statuses of the answers, read as the client of these requests does."""
    statuses = list[int]()
    for number in range(len(seen) + 2):
        if not written:
            break
        # what the application did not see may have been a HEAD
        methods = {seen[number][0]} if number < len(seen) else {"GET", "HEAD"}
        answers = [answer for method in methods if (answer := _answer(written, method)) is not None]
        assert answers, "an answer is not whole"
        status, written = min(answers, key=lambda answer: len(answer[1]))
        statuses.append(status)
    assert not written, "more answers than requests"
    return statuses


def _answer(written: bytes, method: str) -> tuple[int, bytes] | None:
    """The status of the first answer, and what is behind it."""
    client, status = h11.Connection(h11.CLIENT), 0
    client.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(written)
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        if event in (h11.NEED_DATA, h11.PAUSED):
            return None
        if isinstance(event, h11.Response):
            status = event.status_code
    return status, client.trailing_data[0]
