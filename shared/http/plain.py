"""What nearly every request is, read and answered without h11: a whole GET or HEAD, in one piece, without a body.

It takes a strict part of what h11 takes; anything else about a request, and it is h11's: there is one reading of each.
"""

import asyncio
import logging
import re
from collections.abc import MutableMapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import unquote

from starlette.types import ASGIApp
from uvicorn.protocols.http.flow_control import FlowControl

Headers = list[tuple[bytes, bytes]]

MAX_BYTES = 8 * 1024

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_VALUE = rb"[\t -~\x80-\xff]*"
_REQUEST = re.compile(rb"(GET|HEAD) (/[!-~]*) HTTP/1\.1\r\n((?:%b:%b\r\n)+)\r\n" % (_TOKEN, _VALUE))
_FIELD = re.compile(rb"([^:]+):([^\r]*)\r\n")
_OTHERS = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer", b"connection"})
_STATUS_LINES = {one.value: b"HTTP/1.1 %d %b\r\n" % (one.value, one.phrase.encode()) for one in HTTPStatus}
_WITHOUT_BODY = frozenset({204, 304})

log = logging.getLogger("plugwatch.http")


def read(data: bytes) -> dict[str, Any] | None:
    """What of a scope the request says; None if it is not plain, or more or less than one."""
    if len(data) > MAX_BYTES or (found := _REQUEST.fullmatch(data)) is None:
        return None
    method, target, section = found.groups()
    headers = [(name.lower(), value.strip(b" \t")) for name, value in _FIELD.findall(section)]
    hosts = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name in _OTHERS and (name != b"connection" or value.lower() != b"keep-alive"):
            return None
    if hosts != 1:
        return None
    raw_path, _, query = target.partition(b"?")
    path = raw_path.decode("ascii")
    return {
        "method": method.decode(),
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": query,
        "headers": headers,
    }


class Server(Protocol):
    """What an exchange needs of its connection."""

    transport: Any
    flow: FlowControl

    def exchanged(self) -> None:
        """The answer is out."""


class Exchange:
    """One request and its answer; ``defaults`` are headers of every answer."""

    def __init__(self, scope: MutableMapping[str, Any], server: Server, defaults: Headers) -> None:
        self.keep_alive = True
        self.is_over = False
        self._scope = scope
        self._server = server
        self._defaults = defaults
        self._is_head = scope["method"] == "HEAD"
        self._received = False
        self._disconnected = False
        self._over: asyncio.Event | None = None
        self._head: bytes | None = None  #: kept back until its body comes, or there will be none
        self._started = False
        self._left: int | None = None  #: bytes of the body that are to come; None: in chunks

    async def run(self, app: ASGIApp) -> None:
        """Has the application answer."""
        try:
            await app(self._scope, self._receive, self._send)
        except BaseException as error:
            log.error("a request failed by a bug: report this traceback", exc_info=error)
            if not isinstance(error, Exception):
                self._server.transport.close()
                raise
        if self.is_over or self._disconnected:
            return
        if not self._started:
            await self._send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"0")]})
            self.keep_alive = False
            await self._send({"type": "http.response.body"})
        else:
            self._server.transport.close()  # half an answer is out

    def disconnect(self) -> None:
        """The client is gone."""
        self._disconnected = True
        if self._over is not None:
            self._over.set()

    async def _receive(self) -> MutableMapping[str, Any]:
        if not self._received:
            self._received = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if not (self.is_over or self._disconnected):
            self._over = self._over or asyncio.Event()
            await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        flow = self._server.flow
        if flow.write_paused and not self._disconnected:
            await flow.drain()
        if self._disconnected:
            return
        if not self._started:
            self._start(message["status"], message.get("headers", ()))
            return
        if message["type"] != "http.response.body" or self.is_over:
            raise RuntimeError(f"{message['type']} is no part of an answer that has begun")
        body: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        self._server.transport.write(self._framed(body, more))
        if not more:
            self._end()

    def _start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        lines = [_STATUS_LINES[status]]
        length = None
        for given, value in (*self._defaults, *headers):
            name = given.lower()
            if name == b"content-length":
                length = int(value)
            elif name == b"connection" and value.lower() == b"close":
                self.keep_alive = False
                continue
            lines.append(b"%b: %b\r\n" % (name, value))
        self._left = 0 if status in _WITHOUT_BODY else length
        if self._left is None:
            lines.append(b"transfer-encoding: chunked\r\n")
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines) or b"\0" in head:
            raise ValueError("a header of the answer has a line break in it")
        self._started = True
        if self._left is None:  # there is no saying when the first chunk comes
            self._server.transport.write(head)
        else:
            self._head = head

    def _framed(self, body: bytes, more: bool) -> bytes:
        head, self._head = self._head or b"", None
        if self._left is None:
            if self._is_head:
                return b""
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk if more else chunk + b"0\r\n\r\n"
        if self._is_head:
            return head
        self._left -= len(body)
        if self._left < 0 or (self._left and not more):
            raise ValueError("the body of the answer is not as long as it says")
        return head + body

    def _end(self) -> None:
        self.is_over = True
        if self._over is not None:
            self._over.set()
        self._server.exchanged()
