"""The opening handshake of one socket: from accept to the upgrade, or to an HTTP error.

While it is decided about nothing is read. Who is let in leaves here: the socket gets another protocol.
"""

import asyncio
import logging
import socket
import time
from enum import Enum
from typing import Protocol, cast

from websockets.exceptions import (
    HeaderLineTooLong,
    InvalidUpgrade,
    NegotiationError,
    RequestLineTooLong,
    TooManyHeaders,
)
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ingest.gateway.faults import Faults, Where, guarded
from ingest.gateway.handshake import compression, head
from ingest.gateway.handshake.admission import Refusal
from ingest.gateway.handshake.compression import Compression
from ingest.gateway.handshake.head import NoHandshake, Reason
from ingest.gateway.limits import Limits
from ingest.ocpp import versions

CLOSE_TIMEOUT_S = 5
TCP_USER_TIMEOUT_MS = 60_000
_TCP_ESTABLISHED = 1

_quiet = logging.getLogger("plugwatch.gateway.websocket")
_quiet.setLevel(logging.CRITICAL)  # what a stranger sends is counted


class Phase(Enum):
    """Where a handshake stands."""

    READING = "reading"
    DECIDING = "deciding"
    REFUSED = "refused"  #: the answer is sent, the socket still there
    OVER = "over"  #: closed, or let in


class Host(Protocol):
    """What a handshake needs of the gateway."""

    @property
    def limits(self) -> Limits: ...
    @property
    def compression(self) -> Compression: ...
    @property
    def faults(self) -> Faults: ...

    def accepted(self, handshake: "OpeningHandshake") -> None:
        """A TCP connection is there."""

    def decide(self, handshake: "OpeningHandshake", request: Request) -> None:
        """Its head is there: decides about it, soon; the handshake waits."""

    def turned_away(self, reason: Reason, status: int | None) -> None:
        """What came was no handshake; ``status`` if HTTP was answered."""

    def knocked_in_vain(self, handshake: "OpeningHandshake") -> None:
        """Its socket is closed."""


def _choose(_: ServerProtocol, offered: "list[Subprotocol]") -> Subprotocol:
    chosen = versions.choose(offered)
    if chosen is None:
        raise NegotiationError(f"offer one of {', '.join(versions.DIALECTS)} in Sec-WebSocket-Protocol")
    return Subprotocol(chosen)


class OpeningHandshake(asyncio.Protocol):
    """A socket that was accepted and not upgraded."""

    __slots__ = ("_head", "_host", "_phase", "_phase_since", "_proto", "_transport", "accepted_at")

    def __init__(self, host: Host) -> None:
        self._host = host
        self._proto = ServerProtocol(
            select_subprotocol=_choose,  # type: ignore[arg-type]
            max_size=host.limits.max_message_bytes,
            logger=_quiet,
        )
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._head = bytearray()  #: until all of it is there; then what came behind it
        self._phase = Phase.READING
        self._phase_since = self.accepted_at = time.monotonic()

    # asyncio calls these

    @guarded("socket")
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A TCP connection was accepted."""
        self._transport = cast(asyncio.Transport, transport)
        self._host.accepted(self)
        raw = transport.get_extra_info("socket")
        if raw is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_MS)

    @guarded("frame")
    def data_received(self, data: bytes) -> None:
        """Bytes of the handshake; frames may be in the same packet."""
        if self._phase is Phase.READING:
            self._head += data
            self._read_head()
        elif self._phase is Phase.DECIDING:
            self._head += data

    @guarded("socket")
    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone, whoever closed it."""
        self._phase = Phase.OVER
        self._host.knocked_in_vain(self)

    def _read_head(self) -> None:
        try:
            end = head.end_of(self._head)
            if end is None:
                return
            request = self._request(bytes(self._head[:end]))
        except NoHandshake as error:
            self._turn_away(error)
            return
        del self._head[:end]
        self._enter(Phase.DECIDING, self._phase_since)
        self._transport.pause_reading()
        self._host.decide(self, request)

    def _request(self, whole_head: bytes) -> Request:
        self._proto.receive_data(whole_head)
        for event in self._proto.events_received():
            if isinstance(event, Request):
                return event
        cause = self._proto.handshake_exc
        if isinstance(cause, RequestLineTooLong):
            raise NoHandshake("head_too_large", 414, f"{cause}")
        if isinstance(cause, HeaderLineTooLong | TooManyHeaders):
            raise NoHandshake("head_too_large", 431, f"{cause}")
        raise NoHandshake("bad_head", 400, f"{cause}: {cause.__cause__ if cause else None}")

    def _turn_away(self, error: NoHandshake) -> None:
        self._host.turned_away(error.reason, error.status)
        self._enter(Phase.REFUSED)
        if error.status is None:
            self._transport.close()
            return
        response = self._proto.reject(error.status, error.text + "\n")
        for name, value in error.headers:
            response.headers[name] = value
        self._proto.data_to_send()  # what it would have said
        self._transport.write(response.serialize())
        self._transport.write_eof()

    # the server calls these

    @property
    def address(self) -> str:
        """The peer's IP address."""
        peer = self._transport.get_extra_info("peername")
        return str(peer[0]) if peer else ""

    @property
    def protocol(self) -> str:
        """The negotiated sub-protocol."""
        return self._proto.subprotocol or ""

    @property
    def why_not(self) -> Reason:
        """Why `accept` did not."""
        match self._proto.handshake_exc:
            case InvalidUpgrade():
                return "no_upgrade"
            case NegotiationError():
                return "subprotocol"
            case _:
                return "bad_upgrade"

    def is_gone(self) -> bool:
        """Whether nobody waits for the handshake's answer any more.

        While it is decided about nothing is read, so a close does not show but in the kernel's TCP state.
        """
        if self._phase is not Phase.DECIDING:
            return True
        raw = self._transport.get_extra_info("socket")
        if raw is None or not hasattr(socket, "TCP_INFO"):
            return False
        try:
            return bool(raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _TCP_ESTABLISHED)
        except OSError:
            return True

    def accept(self, request: Request) -> Response:
        """The upgrade response, or why the request is no websocket handshake for OCPP. Sends nothing."""
        self._proto.available_extensions = compression.offered(request, self._host.compression)
        return self._proto.accept(request)

    def refuse(self, refusal: Refusal) -> None:
        """Answers with an HTTP error and closes."""
        response = self._proto.reject(refusal.status, refusal.text + "\n")
        for name, value in refusal.headers:
            response.headers[name] = value
        self.respond(response)

    def respond(self, response: Response) -> None:
        """Answers with anything but 101, and closes."""
        self._enter(Phase.REFUSED)
        self._proto.send_response(response)
        self._flush()
        self._transport.resume_reading()

    def upgrade(self, response: Response) -> tuple[asyncio.Transport, ServerProtocol, bytearray]:
        """Answers 101; the socket, its protocol and what came behind the head are the caller's now."""
        self._enter(Phase.OVER)
        self._proto.send_response(response)
        self._flush()
        return self._transport, self._proto, self._head

    def pulse(self, now: float) -> None:
        """Looks at its time; ``now`` is monotonic (s)."""
        waited_s = now - self._phase_since
        if self._phase is Phase.REFUSED:
            if waited_s >= CLOSE_TIMEOUT_S:
                self.abort()
        elif self._phase is not Phase.OVER and waited_s >= self._host.limits.handshake_timeout_s:
            if self._phase is Phase.READING:
                self._host.turned_away("timeout", None)
            self.abort()

    def abort(self) -> None:
        """Cuts the socket off without a word."""
        self._transport.abort()

    def failed(self, where: Where, error: Exception) -> None:
        """A bug of ours: it is answered 500, the others go on."""
        self._host.faults.happened(where, error, "the socket is closed")
        try:
            match self._phase:
                case Phase.READING | Phase.DECIDING:
                    self._turn_away(NoHandshake("error", 500, "an error in our own code"))
                    self._transport.resume_reading()
                case Phase.REFUSED | Phase.OVER:
                    self.abort()
        except Exception as second:  # noqa: BLE001
            self._host.faults.happened(where, second, "the socket is cut off")
            self.abort()

    def _enter(self, phase: Phase, since: float | None = None) -> None:
        self._phase = phase
        self._phase_since = time.monotonic() if since is None else since

    def _flush(self) -> None:
        for data in self._proto.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()
