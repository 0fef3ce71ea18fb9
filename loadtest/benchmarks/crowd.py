"""A crowd of minimal 1.6 chargers for benchmarks: as little work a frame as possible, so that the server shows.

Each connection keeps one StatusNotification in flight, as OCPP allows. Frames are masked with a key of
zeros, which leaves the bytes as they are. For believable chargers see ``loadtest.simulator``.
"""

import asyncio
import base64
import contextlib
import os
import time
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

_HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)
ONLY_16 = ("Sec-WebSocket-Protocol: ocpp1.6",)
_STATUSES = ("Available", "Preparing", "Charging", "Finishing")


def text_frame(payload: bytes) -> bytes:
    """A client's text frame (RFC 6455 §5.2)."""
    n = len(payload)
    length = bytes((0x80 | n,)) if n < 126 else b"\xfe" + n.to_bytes(2, "big")
    return b"\x81" + length + b"\0\0\0\0" + payload


def deflated_frame(payload: bytes) -> bytes:
    """A client's short text frame in permessage-deflate (RFC 7692 §7.2.1)."""
    deflate = zlib.compressobj(wbits=-9)
    frame = text_frame((deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4])
    return bytes((frame[0] | 0x40,)) + frame[1:]


def _status(connector: int, status: str) -> bytes:
    return b'[2,"%d","StatusNotification",{"connectorId":%d,"errorCode":"NoError","status":"%s"}]' % (
        time.monotonic_ns() % 10**9,
        connector,
        status.encode(),
    )


class Charger(asyncio.Protocol):
    """One connection: upgrades, then answers each reply with the next status until told to rest."""

    __slots__ = ("_crowd", "_next", "_transport", "_upgraded", "frames")

    def __init__(self, crowd: "Crowd", identity: str) -> None:
        self._crowd = crowd
        self._upgraded = False
        self._next = 0
        self._transport = cast(asyncio.Transport, None)
        self.frames = [text_frame(_status(1, status)) for status in _STATUSES]
        self._crowd.identities[self] = identity

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the handshake."""
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        identity = self._crowd.identities.pop(self)
        more = "".join(f"{line}\r\n" for line in self._crowd.headers(identity))
        self._transport.write(_HANDSHAKE.format(path=f"/ocpp/{identity}", key=key, more=more).encode())

    def data_received(self, data: bytes) -> None:
        """A reply, or the upgrade."""
        if not self._upgraded:
            if not data.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(data[:200].decode(errors="replace"))
            self._upgraded = True
            self._crowd.upgraded(self)
        elif data[0] & 0x0F == 1:
            self._crowd.answered(self)

    def send(self) -> None:
        """The next status."""
        self._next = (self._next + 1) % len(self.frames)
        self._transport.write(self.frames[self._next])

    def close(self) -> None:
        """Drops the socket."""
        self._transport.abort()


def _only_16(_: str) -> Sequence[str]:
    return ONLY_16


class Crowd:
    """Many chargers against one server; ``headers`` gives those of an id's handshake; counts answers."""

    def __init__(self, host: str, port: int, headers: Callable[[str], Sequence[str]] = _only_16) -> None:
        self._host, self._port = host, port
        self._all_up = asyncio.Event()
        self._rested = asyncio.Event()
        self._wanted = 0
        self._left = 0
        self._in_flight = 0
        self.headers = headers
        self.identities: dict[Charger, str] = {}
        self.chargers: list[Charger] = []

    async def connect(self, n: int, at_once: int = 100, prefix: str = "BENCH") -> None:
        """Opens ``n`` more connections, ``at_once`` at a time; ids are ``prefix`` and a number."""
        loop = asyncio.get_running_loop()
        first = len(self.chargers)
        for start in range(first, first + n, at_once):
            stop = min(start + at_once, first + n)
            self._wanted = stop
            self._all_up.clear()
            async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                for i in range(start, stop):
                    group.create_task(
                        loop.create_connection(
                            lambda i=i: Charger(self, f"{prefix}-{i:05d}"),  # type: ignore[misc]
                            self._host,
                            self._port,
                        )
                    )
                await self._all_up.wait()

    async def run(self, frames: int) -> float:
        """Has ``frames`` statuses sent and answered, one in flight a charger; returns the seconds it took."""
        self._left, self._in_flight = frames, 0
        self._rested.clear()
        started = time.monotonic()
        for charger in self.chargers[:frames]:
            self._left -= 1
            self._in_flight += 1
            charger.send()
        async with asyncio.timeout(300):
            await self._rested.wait()
        return time.monotonic() - started

    def close(self) -> None:
        """Drops every socket."""
        for charger in self.chargers:
            charger.close()

    def upgraded(self, charger: Charger) -> None:
        """A charger is in."""
        self.chargers.append(charger)
        if len(self.chargers) == self._wanted:
            self._all_up.set()

    def answered(self, charger: Charger) -> None:
        """A charger got its reply: the next, or rest."""
        if self._left > 0:
            self._left -= 1
            charger.send()
        else:
            self._in_flight -= 1
            if self._in_flight == 0:
                self._rested.set()


@contextlib.asynccontextmanager
async def crowd(port: int, n: int, headers: Sequence[str] = ONLY_16) -> AsyncIterator[Crowd]:
    """``n`` connected chargers."""
    chargers = Crowd("127.0.0.1", port, lambda identity: headers)
    await chargers.connect(n)
    try:
        yield chargers
    finally:
        chargers.close()
