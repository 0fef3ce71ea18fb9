"""One HTTP/1.1 connection: uvicorn's, with a deadline for what the client owes us and one reading of each request.

uvicorn waits for ever for a head or a body, reads on what it has refused, and takes requests that two servers
would cut differently (RFC 9112 §6.3: both Content-Length and Transfer-Encoding).
"""

import asyncio
import contextlib
import dataclasses
import heapq
import secrets
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from shared.http import problems

DISCARDED_BYTES = 64 * 1024  #: of a refused body; more closes the connection
LINGER_S = 2  #: for the client of a refused body to read why
_SMALL_CHUNKS = 1000  #: after so many chunks they must
_CHUNK_BYTES = 16  #: have so many bytes on the average: each costs as much work as a large one


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may cost. Looked at once a second, so that who sends nothing is gone within 15 s."""

    head_s: float = 10  #: from the connect, or from the last answer, to the whole head
    body_s: float = 12  #: without another byte of a body
    whole_body_s: float = 60  #: for a body that comes in drops, and a second more
    body_bytes: int = 4096  #: for each of so many bytes that came: 10 MiB may take 44 minutes
    connections: int = 200  #: then the longest silent ones give way to a new one

    def of(self, *, connections: int) -> "Limits":
        """The same for another number of connections."""
        return dataclasses.replace(self, connections=connections)


class State(ServerState):
    """What the connections of a server share; ``closed`` counts those we ended, by reason."""

    def __init__(self) -> None:
        super().__init__()
        self.closed: Counter[str] = Counter()


class _Requests(h11.Connection):
    """h11 that refuses what is ambiguous or costs more than it brings; ``refusal`` says why."""

    refusal: h11.RemoteProtocolError | None = None
    _chunks = _bytes = 0

    def next_event(self) -> Any:
        if self.their_state is h11.IDLE:
            self._skip_blank_lines()
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                self._chunks = self._bytes = 0
                return _checked(event)
            if isinstance(event, h11.Data):
                self._chunks, self._bytes = self._chunks + 1, self._bytes + len(event.data)
                if self._chunks > _SMALL_CHUNKS and self._bytes < self._chunks * _CHUNK_BYTES:
                    raise h11.RemoteProtocolError("the chunks of the body are too small: send larger ones")
        except h11.RemoteProtocolError as error:
            self.refusal = error
            raise
        return event

    def _skip_blank_lines(self) -> None:
        """Some clients end a body with a line too many (RFC 9112 §2.2)."""
        buffer = self._receive_buffer
        if (start := self.trailing_data[0] if buffer else b"")[:1] in (b"\r", b"\n"):
            buffer.maybe_extract_at_most(len(start) - len(start.lstrip(b"\r\n")))


class _Transport:
    """A transport that ends gently while the client still sends: closed at once, TCP would take back our last words."""

    def __init__(self, transport: Any, requests: _Requests) -> None:
        self._transport = transport
        self._requests = requests
        self._closing = False
        self.write = transport.write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self._closing or self._transport.is_closing()

    def close(self) -> None:
        if self.is_closing():
            return
        if self._requests.their_state not in (h11.SEND_BODY, h11.ERROR):
            self._transport.close()
            return
        self._closing = True
        if self._transport.is_reading():
            self._transport.pause_reading()
        with contextlib.suppress(OSError):  # the client has gone
            self._transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER_S, self._transport.close)


class Connection(H11Protocol):
    """Made by uvicorn for each accepted socket."""

    def __init__(self, *args: Any, limits: Limits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = self._requests = _Requests(h11.SERVER)
        self._limits = limits
        assert isinstance(self.server_state, State)
        self._closed = self.server_state.closed
        self._since = 0.0  #: when the client's turn began
        self._heard_at = 0.0
        self._body_until = 0.0  #: the whole body is to be here, moved on by each byte of it
        self._discarded = 0

    def connection_made(self, transport: Any) -> None:
        """Takes the connection, if need be in the place of others."""
        self._since = self._heard_at = self.loop.time()
        if len(self.connections) >= self._limits.connections and not self._make_room():
            self._closed["refused, none was silent"] += 1
            transport.write(b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n")
            transport.close()
        super().connection_made(_Transport(transport, self._requests))  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Bytes of a head or a body; those of a body that was refused are counted, not kept."""
        self._heard_at = self.loop.time()
        if self.conn.their_state is h11.IDLE:
            self._body_until = self._heard_at + self._limits.whole_body_s
        self._body_until += len(data) / self._limits.body_bytes
        if self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY:
            self._discarded += len(data)
            if self._discarded > DISCARDED_BYTES:
                self._end("refused body")
                return
        super().data_received(data)

    def on_response_complete(self) -> None:
        """The answer is out: it is the client's turn again, unless it still sends what nobody reads."""
        self._since, self._discarded = self.loop.time(), 0
        self._body_until = self._since + self._limits.whole_body_s  # of what came before its turn
        if self.conn.their_state is h11.SEND_BODY and _announced(self.headers) > DISCARDED_BYTES:
            self._end("refused body")
        super().on_response_complete()

    def close_if_overdue(self, now: float) -> None:
        """Ends the connection whose client owes us a head or a body for too long; ``now`` is the loop's time (s)."""
        if self.transport.is_closing():
            return
        if self.conn.their_state is h11.IDLE and now - self._since >= self._limits.head_s:
            if self.conn.trailing_data[0]:
                self._refuse(408, "the head of the request did not come in time: send it at once", "slow head")
            else:
                self._end("silent")
        elif self.conn.their_state is h11.SEND_BODY:
            if self.flow.read_paused:  # it is we who do not read
                self._heard_at, self._body_until = now, now + self._limits.whole_body_s
            elif now - self._heard_at >= self._limits.body_s:
                self._refuse(408, "the body of the request stopped coming: send it again, in one go", "slow body")
            elif now >= self._body_until:
                self._refuse(408, "the body of the request comes too slowly: send it in one go", "slow body")

    def send_400_response(self, msg: str) -> None:
        """What uvicorn says to bytes that are no request: a problem document, with h11's own reason."""
        refusal = self._requests.refusal
        detail = f"this is no HTTP request that can be read: {refusal or msg}"
        self._refuse(refusal.error_status_hint if refusal else 400, detail, "unreadable request")

    def shutdown(self) -> None:
        """The server stops; what is closing already must not stop it from stopping."""
        if not self.transport.is_closing():
            super().shutdown()

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing to say: HTTP/1.1 goes on (RFC 9110 §7.8)."""

    def _make_room(self) -> bool:
        """Ends the tenth of the waiting connections that has waited longest: a new one may be a better one."""
        waiting = [one for one in self.connections if isinstance(one, Connection) and one.is_waiting]
        longest = heapq.nsmallest(max(1, len(waiting) // 10), waiting, key=lambda one: one._since)
        for one in longest:
            one._end("gave way")
            self.connections.discard(one)
        return bool(longest)

    @property
    def is_waiting(self) -> bool:
        """Whether the next word is the client's."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY) and not (self.flow and self.flow.read_paused)

    def _end(self, reason: str) -> None:
        self._closed[reason] += 1
        self.transport.close()

    def _refuse(self, status: int, detail: str, reason: str) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            document = problems.encoded(status, detail, request_id=secrets.token_hex(16))
            headers = [
                ("content-type", problems.MEDIA_TYPE),
                ("content-length", str(len(document))),
                ("connection", "close"),
            ]
            response = h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode())
            with contextlib.suppress(h11.LocalProtocolError):  # an answer to HEAD has no body
                self.transport.write(self.conn.send(response) or b"")
                self.transport.write(self.conn.send(h11.Data(data=document)) or b"")
                self.conn.send(h11.EndOfMessage())
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._end(reason)


def _checked(request: h11.Request) -> h11.Request:
    """The request, its target without scheme and authority (RFC 9112 §3.2.2).

    Raises:
        RemoteProtocolError: where its body ends is a matter of opinion.
    """
    if request.http_version not in (b"1.0", b"1.1"):
        raise h11.RemoteProtocolError("speak HTTP/1.1", error_status_hint=505)
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" in names and (b"content-length" in names or request.http_version < b"1.1"):
        raise h11.RemoteProtocolError("Content-Length and Transfer-Encoding exclude each other: send one of them")
    scheme, found, rest = request.target.partition(b"://")
    if not found or scheme.lower() not in (b"http", b"https"):
        return request
    path = b"/" + rest.partition(b"/")[2]
    return h11.Request(
        method=request.method, headers=list(request.headers), target=path, http_version=request.http_version
    )


def _announced(headers: list[tuple[bytes, bytes]]) -> int:
    return int(dict(headers).get(b"content-length", b"0"))
