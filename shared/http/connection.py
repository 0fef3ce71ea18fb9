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

from shared.http import plain, problems

from .requests import Requests

DISCARDED_BYTES = 64 * 1024  #: of a refused body; more closes the connection
LINGER_S = 2  #: for the client of a refused body to read why


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


class _Transport:
    """A transport that ends gently while the client still sends: closed at once, TCP would take back our last words."""

    def __init__(self, transport: Any, requests: Requests) -> None:
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
        self.conn = self._requests = Requests(h11.SERVER)
        self._limits = limits
        assert isinstance(self.server_state, State)
        self._closed = self.server_state.closed
        self._since = 0.0  #: when the client's turn began
        self._heard_at = 0.0
        self._body_until = 0.0  #: the whole body is to be here, moved on by each byte of it
        self._discarded = 0
        self._answered = False  #: once at least
        self._exchange: plain.Exchange | None = None  #: a request that h11 knows nothing of is being answered
        self._early = b""  #: what came meanwhile

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
        if self._exchange is not None:
            self._early += data
            self.flow.pause_reading()
            return
        if self._is_between and (request := plain.read(data)) is not None:
            self._begin(request)
            return
        if self.conn.their_state is h11.IDLE:
            self._body_until = self._heard_at + self._limits.whole_body_s
        self._body_until += len(data) / self._limits.body_bytes
        if self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY:
            self._discarded += len(data)
            if self._discarded > DISCARDED_BYTES:
                self._end("refused body")
                return
        super().data_received(data)

    @property
    def _is_between(self) -> bool:
        """Whether the next byte begins a request, and nobody is being answered."""
        requests = self._requests
        return requests.our_state is requests.their_state is h11.IDLE and not requests._receive_buffer

    def _begin(self, request: dict[str, Any]) -> None:
        self._unset_keepalive_if_required()
        request |= {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
            "state": self.app_state.copy(),
        }
        self._exchange = plain.Exchange(request, self, self.server_state.default_headers)
        task = self.loop.create_task(self._exchange.run(self.app))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def exchanged(self) -> None:
        """The answer to a plain request is out: it is the client's turn again."""
        over, self._exchange, self._answered = self._exchange, None, True
        self.server_state.total_requests += 1
        self._since = self.loop.time()
        if over is not None and not over.keep_alive:
            self.transport.close()
        elif not self.transport.is_closing():
            self.flow.resume_reading()
            early, self._early = self._early, b""
            if early:
                self.data_received(early)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there to be answered."""
        if self._exchange is not None:
            self._exchange.disconnect()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """The answer is out: it is the client's turn again, unless it still sends what nobody reads."""
        self._since, self._discarded, self._answered = self.loop.time(), 0, True
        self._body_until = self._since + self._limits.whole_body_s  # of what came before its turn
        if self.conn.their_state is h11.SEND_BODY and _announced(self.headers) > DISCARDED_BYTES:
            self._end("refused body")
        super().on_response_complete()

    def close_if_overdue(self, now: float) -> None:
        """Ends the connection whose client owes us a head or a body for too long; ``now`` is the loop's time (s)."""
        if self.transport.is_closing() or self._exchange is not None:
            return
        if self.conn.their_state is h11.IDLE and now - self._since >= self._limits.head_s:
            if self.conn.trailing_data[0]:
                self._refuse(408, "the head of the request did not come in time: send it at once", "slow head")
            elif self._answered:
                self.transport.close()
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
        if self._exchange is not None:
            self._exchange.keep_alive = False
        elif not self.transport.is_closing():
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
        if self._exchange is not None:
            return False
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


def _announced(headers: list[tuple[bytes, bytes]]) -> int:
    return int(dict(headers).get(b"content-length", b"0"))
