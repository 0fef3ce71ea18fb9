"""A minimal 1.6 charger for benchmarks: as little work a frame as possible, so that the server shows.

One StatusNotification in flight, as OCPP allows; pings and the server's CALLs are answered. Frames are masked with a
key of zeros, which leaves the bytes as they are. For believable chargers see ``loadtest.simulator``.
"""

import asyncio
import base64
import os
import time
import zlib
from collections import deque
from typing import Protocol, cast

_HANDSHAKE = (
    "GET /ocpp/{identity} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)
_STATUSES = (b"Available", b"Preparing", b"Charging", b"Finishing")
_STATUS = b'[2,"%d","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"%s","timestamp":"%s.%03dZ"}]'
BOOT = b'[2,"boot","BootNotification",{"chargePointVendor":"Bench","chargePointModel":"One Plug"}]'
HEARTBEAT = b'[2,"beat","Heartbeat",{}]'
_TEXT, _PING = 1, 9


def text_frame(payload: bytes, opcode: int = _TEXT) -> bytes:
    """A client's whole frame (RFC 6455 §5.2)."""
    n = len(payload)
    length = bytes((0x80 | n,)) if n < 126 else b"\xfe" + n.to_bytes(2, "big")
    return bytes((0x80 | opcode,)) + length + b"\0\0\0\0" + payload


def deflated_frame(payload: bytes) -> bytes:
    """A client's short text frame in permessage-deflate (RFC 7692 §7.2.1)."""
    deflate = zlib.compressobj(wbits=-9)
    frame = text_frame((deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4])
    return bytes((frame[0] | 0x40,)) + frame[1:]


class Listener(Protocol):
    """Who has sent a charger out hears of it."""

    def upgraded(self, charger: "Charger") -> None: ...
    def answered(self, charger: "Charger") -> None: ...
    def lost(self, charger: "Charger") -> None: ...


class Charger(asyncio.Protocol):
    """One connection. ``due`` holds when each status fell due that waits for the one in flight."""

    __slots__ = ("_buffer", "_listener", "_more", "_transport", "_turn", "due", "identity", "in_flight", "open")

    def __init__(self, listener: Listener, identity: str, headers: tuple[str, ...]) -> None:
        self._listener = listener
        self._more = "".join(f"{line}\r\n" for line in headers)
        self._transport = cast(asyncio.Transport, None)
        self._buffer = b""
        self._turn = 0
        self.identity = identity
        self.open = self.in_flight = False
        self.due: deque[float] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the handshake."""
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(_HANDSHAKE.format(identity=self.identity, key=key, more=self._more).encode())

    def connection_lost(self, error: Exception | None) -> None:
        """Tells who listens."""
        self.open = False
        self._listener.lost(self)

    def data_received(self, data: bytes) -> None:
        """The upgrade, or frames of the server."""
        if self._buffer:
            data = self._buffer + data
        at = 0
        if not self.open:
            head, found, _ = data.partition(b"\r\n\r\n")
            if not found:
                self._buffer = data
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._transport.abort()
                return
            at = len(head) + 4
            self.open = True
            self._listener.upgraded(self)
        while len(data) - at >= 2:
            length, start = data[at + 1] & 0x7F, at + 2
            if length == 126:
                length, start = int.from_bytes(data[start : start + 2], "big"), start + 2
            if len(data) < start + length:
                break
            self._take(data[at] & 0x0F, data[at] & 0x40, data[start : start + length])
            at = start + length
        self._buffer = data[at:]

    def _take(self, opcode: int, is_deflated: int, payload: bytes) -> None:
        if opcode == _PING:
            self._transport.write(text_frame(payload, 10))
        elif opcode == _TEXT and not is_deflated and payload[:2] == b"[2":
            id_ = payload.split(b'"', 2)[1]
            self._transport.write(text_frame(b'[4,"' + id_ + b'","NotImplemented","",{}]'))
        elif opcode == _TEXT:
            self.in_flight = False
            self._listener.answered(self)

    def say(self, payload: bytes) -> None:
        """A CALL."""
        self.write(text_frame(payload))

    def write(self, frame: bytes) -> None:
        """A CALL that is framed already."""
        self.in_flight = True
        self._transport.write(frame)

    def next_status(self) -> int:
        """The next status, with the time (ms) that it says."""
        now_ns = time.time_ns()
        second, ms = now_ns // 10**9, now_ns // 10**6 % 1000
        self._turn = (self._turn + 1) % len(_STATUSES)
        self.say(_STATUS % (now_ns % 10**9, _STATUSES[self._turn], _written(second), ms))
        return second * 1000 + ms

    def cut(self) -> None:
        """Drops the socket, as a power cut would."""
        if self._transport is not None:
            self._transport.abort()


_written_second: tuple[int, bytes] = (0, b"")


def _written(second: int) -> bytes:
    """A second as OCPP writes it; worked out once."""
    global _written_second
    if _written_second[0] != second:
        _written_second = (second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode())
    return _written_second[1]
