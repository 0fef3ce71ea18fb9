"""What one charger's flood does to another's Heartbeat: ``make bench-floods``.

A witness sends Heartbeats one after another while flooders send bytes that were made beforehand, for
a few seconds or until they are put out. A bare ``websockets.asyncio`` server suffers the same in the
same run. Everything stays on this machine, bounded in bytes and in time.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import platform
import selectors
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import asyncpg
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from loadtest.servers.child import listening, process
from loadtest.servers.system import system
from local.ports import free_port
from local.stack import Stack

FLOOD_BYTES = 2_000_000
LASTS_S = 5.0
EVERY_S = 0.005  #: between an answer and the next Heartbeat
PATIENCE_S = 30

_HEARTBEAT = b'[2,"%d","Heartbeat",{}]'
_STATUS = b'[2,"s","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Charging"}]'


def framed(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    """A client's frame."""
    return Frame(opcode, data, fin).serialize(mask=True)


def _many(frame: bytes) -> bytes:
    return frame * (FLOOD_BYTES // len(frame))


#: what each of them sends, after what has to come first
FLOODS: dict[str, tuple[bytes, bytes]] = {
    "pings": (b"", _many(framed(Opcode.PING, b""))),
    "pongs": (b"", _many(framed(Opcode.PONG, b""))),
    "Heartbeats": (b"", _many(framed(Opcode.TEXT, _HEARTBEAT % 7))),
    "statuses": (b"", _many(framed(Opcode.TEXT, _STATUS))),
    "empty texts": (b"", _many(framed(Opcode.TEXT, b""))),
    "empty fragments": (framed(Opcode.TEXT, b" ", fin=False), _many(framed(Opcode.CONT, b"", fin=False))),
    "large texts": (b"", framed(Opcode.TEXT, _HEARTBEAT % 7 + b" " * 250_000) * 40),
    "deep texts": (b"", framed(Opcode.TEXT, b"[" * 250_000) * 40),
}


@dataclass
class Flooder:
    """One socket that floods; ``one_by_one`` sends each byte in a segment of its own."""

    port: int
    name: str
    first: bytes
    rest: memoryview
    one_by_one: bool = False
    sock: socket.socket = field(init=False)

    def open(self) -> None:
        """Connects and upgrades."""
        self.sock = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET /ocpp/{self.name} HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
        )
        self.sock.sendall(head.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            if not (more := self.sock.recv(4096)):
                raise ConnectionError(f"the server closed: {answer!r}")
            answer += more
        if not answer.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(answer[:200].decode(errors="replace"))
        self.sock.sendall(self.first)
        self.sock.setblocking(False)

    def write(self) -> bool:
        """Sends what the socket takes; False when all is sent."""
        sent = self.sock.send(self.rest[: 1 if self.one_by_one else 65_536])
        self.rest = self.rest[sent:]
        return bool(self.rest)


def flood(flooders: Sequence[Flooder], over: threading.Event) -> None:
    """Sends and reads until all is sent, every socket is closed, or ``over``."""
    with selectors.DefaultSelector() as selector:
        for one in flooders:
            selector.register(one.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, one)
        while selector.get_map() and not over.is_set():
            for key, ready in selector.select(0.1):
                one = key.data
                try:
                    if ready & selectors.EVENT_READ and not one.sock.recv(262_144):
                        raise ConnectionResetError
                    if ready & selectors.EVENT_WRITE and not one.write():
                        selector.modify(one.sock, selectors.EVENT_READ, one)
                except BlockingIOError:
                    continue
                except OSError:
                    selector.unregister(one.sock)


def take_over(port: int, over: threading.Event, sockets: int = 1_000) -> None:
    """Sockets of one charger, each putting out the one before."""
    opened: list[socket.socket] = []
    for _ in range(sockets):
        if over.is_set():
            break
        one = Flooder(port, "TWIN", b"", memoryview(b""))
        with contextlib.suppress(OSError):
            one.open()
        opened.append(one.sock)
    for sock in opened:
        sock.close()


@contextlib.contextmanager
def flooding(port: int, kind: str) -> Iterator[threading.Thread]:
    """A flood in a thread of its own while the block runs: ``pings``, ``20 x pings``, ``single bytes`` …"""
    over = threading.Event()
    flooders: list[Flooder] = []
    work: Callable[[], None]
    if kind == "takeovers":
        work = lambda: take_over(port, over)  # noqa: E731
    else:
        number, _, what = kind.rpartition(" x ")
        first, rest = FLOODS["Heartbeats" if what == "single bytes" else what]
        for n in range(int(number or 1)):
            one = Flooder(port, f"FLOOD-{n}", first, memoryview(rest), one_by_one=what == "single bytes")
            one.open()
            flooders.append(one)
        work = lambda: flood(flooders, over)  # noqa: E731
    thread = threading.Thread(target=work, name=kind)
    thread.start()
    try:
        yield thread
    finally:
        over.set()
        thread.join()
        for one in flooders:
            one.sock.close()


async def heartbeat(witness: ClientConnection, n: int) -> float:
    """Milliseconds that a Heartbeat takes to be answered; as many as there was patience for when it is not."""
    started = time.monotonic()
    await witness.send(_HEARTBEAT % n, text=True)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            await witness.recv()
    return (time.monotonic() - started) * 1e3


async def suffered(port: int, kind: str) -> dict[str, float]:
    """The witness's latency (ms) beside a flood."""
    took: list[float] = []
    async with connect(
        f"ws://127.0.0.1:{port}/ocpp/WITNESS",
        subprotocols=[Subprotocol("ocpp1.6")],
        compression=None,
        ping_interval=None,
        proxy=None,
    ) as witness:
        await heartbeat(witness, 0)
        with flooding(port, kind) as thread:
            ends_at = time.monotonic() + LASTS_S
            while time.monotonic() < ends_at and (thread.is_alive() or len(took) < 100):
                took.append(await heartbeat(witness, len(took)))
                await asyncio.sleep(EVERY_S)
            took.append(await heartbeat(witness, len(took)))  # what is still in the server's buffers counts
    took.sort()
    return {
        "answers": len(took),
        "p50_ms": round(statistics.median(took), 1),
        "p99_ms": round(took[int(len(took) * 0.99)], 1),
        "max_ms": round(took[-1], 1),
    }


async def measured(kinds: Sequence[str]) -> dict[str, object]:
    """Each flood against the gateway and against the bare server."""
    echo_port = free_port()
    figures: dict[str, object] = {}
    with process("loadtest.baselines.echo", str(echo_port)):
        await listening(echo_port)
        await _measured(kinds, echo_port, figures)
    return figures


async def _measured(kinds: Sequence[str], bare: int, figures: dict[str, object]) -> None:
    async with system(("gateway",), on="mock", REGISTRATION="open") as ours:
        for kind in kinds:
            over = asyncio.Event()
            lease = asyncio.create_task(_shortest_lease(ours.stack, over))
            here = await suffered(ours.gateway_port, kind)
            over.set()
            figures[kind] = {"gateway": here, "lease_left_s": await lease, "bare": await suffered(bare, kind)}
            print(kind, figures[kind], file=sys.stderr, flush=True)


async def _shortest_lease(stack: Stack, over: asyncio.Event) -> float:
    """How near the gateway's lease came to its end (s)."""
    shortest = float("inf")
    database = await asyncpg.connect(stack.database_url)
    try:
        while not over.is_set():
            left = await database.fetchval("SELECT extract(epoch FROM min(expires_at) - now()) FROM gateways")
            shortest = min(shortest, float(left))
            await asyncio.sleep(0.2)
    finally:
        await database.close()
    return round(shortest, 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the figures as JSON."""
    every = [*FLOODS, "single bytes", "20 x pings", "20 x Heartbeats", "takeovers"]
    parser = argparse.ArgumentParser(prog="python -m loadtest.floods", description=__doc__)
    parser.add_argument("kinds", nargs="*", default=every, help=f"of {', '.join(every)} (default: all)")
    figures = uvloop.run(measured(parser.parse_args(arguments).kinds))
    print(json.dumps({"floods": figures, "python": platform.python_version(), "cores": os.cpu_count()}, indent=1))


if __name__ == "__main__":
    main()
