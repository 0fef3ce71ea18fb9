"""The websocket client against peers that misbehave. That it gets on with a gateway, test_system.py shows."""

import base64
import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from healthcheck import Clock, Refused, WebSocket, heartbeat

TIME_S = 1.0
MARGIN_S = 1.5

Peer = Callable[[socket.socket], None]


@contextmanager
def listening(peer: Peer) -> Iterator[str]:
    """The URL of a server that treats its one connection as `peer` does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    connection.settimeout(TIME_S + MARGIN_S)
                    peer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.getsockname()[1]}/ocpp/CP1"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    return head


def upgrade(connection: socket.socket, protocol: str = "ocpp1.6") -> None:
    key = read_head(connection).partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
    lines = ["Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"]
    lines += [f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []
    connection.sendall("\r\n".join(["HTTP/1.1 101 Switching Protocols", *lines, "", ""]).encode())


def frame(data: bytes | str, opcode: int = 0x1, last: bool = True, mask: bool = False) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    size = len(data)
    length = bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size) if size < 65536 else b""
    length = length or b"\x7f" + struct.pack("!Q", size)
    head = bytes([(0x80 if last else 0) | opcode, length[0] | (0x80 if mask else 0)]) + length[1:]
    return head + (b"\0\0\0\0" if mask else b"") + data


def received(connection: socket.socket) -> tuple[int, bytes]:
    """A frame of the client, which must be masked and short."""
    first, second = connection.recv(1, socket.MSG_WAITALL) + connection.recv(1, socket.MSG_WAITALL)
    assert second & 0x80, "a client masks its frames"
    size = second & 0x7F
    mask, data = connection.recv(4, socket.MSG_WAITALL), connection.recv(size, socket.MSG_WAITALL) if size else b""
    return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


def call_id(connection: socket.socket) -> str:
    _, text = received(connection)
    message_id: str = json.loads(text)[1]
    return message_id


def result(message_id: str) -> str:
    return json.dumps([3, message_id, {"currentTime": "2026-11-24T18:00:00Z"}])


def sending(*parts: bytes) -> Peer:
    """Upgrades, reads the Heartbeat, sends these bytes and then waits."""

    def peer(connection: socket.socket) -> None:
        upgrade(connection)
        call_id(connection)
        for part in parts:
            connection.sendall(part)
        while connection.recv(4096):
            pass

    return peer


def instead_of_upgrade(*parts: bytes) -> Peer:
    def peer(connection: socket.socket) -> None:
        read_head(connection)
        for part in parts:
            connection.sendall(part)
        while connection.recv(4096):
            pass

    return peer


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def hangs_up(connection: socket.socket) -> None:
    read_head(connection)


def another_key(connection: socket.socket) -> None:
    read_head(connection)
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: bm90IHlvdXJz\r\n\r\n")


def another_protocol(connection: socket.socket) -> None:
    upgrade(connection, "ocpp2.0.1")


def no_protocol(connection: socket.socket) -> None:
    upgrade(connection, "")


def drips_its_head(connection: socket.socket) -> None:
    read_head(connection)
    for byte in b"HTTP/1.1 101 Switching Protocols\r\n" * 100:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def pings_for_ever(connection: socket.socket) -> None:
    upgrade(connection)
    call_id(connection)
    while True:
        connection.sendall(frame(b"still here", 0x9))
        time.sleep(0.01)


def dies_after_the_upgrade(connection: socket.socket) -> None:
    upgrade(connection)
    call_id(connection)


PEERS: dict[str, tuple[Peer, str]] = {
    "never answers": (silent, ""),
    "hangs up": (hangs_up, "hung up"),
    "speaks no HTTP": (instead_of_upgrade(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "no HTTP: SSH-2.0-OpenSSH_9.2"),
    "has no status": (instead_of_upgrade(b"HTTP/1.1 OK\r\n\r\n"), "no HTTP"),
    "has an endless head": (instead_of_upgrade(b"HTTP/1.1 101 \r\n", *[b"X: " + b"y" * 4096] * 10), "does not end"),
    "has too many fields": (instead_of_upgrade(b"HTTP/1.1 101 \r\n" + b"x: y\r\n" * 500 + b"\r\n"), "no HTTP"),
    "drips its head": (drips_its_head, ""),
    "did not read our key": (another_key, "does not prove"),
    "speaks another sub-protocol": (another_protocol, "does not speak ocpp1.6"),
    "speaks no sub-protocol": (no_protocol, "does not speak ocpp1.6"),
    "dies after the upgrade": (dies_after_the_upgrade, "hung up"),
    "says nothing after the upgrade": (sending(), ""),
    "pings for ever": (pings_for_ever, ""),
    "announces a huge frame": (sending(b"\x81\x7f" + struct.pack("!Q", 2**62)), "more than 1 MiB"),
    "never ends its fragments": (
        sending(frame("[", last=False), *[frame(b" " * 60_000, 0x0, last=False)] * 20),
        "more than 1 MiB",
    ),
    "masks its frames": (sending(frame("[3]", mask=True)), "it is masked"),
    "sets reserved bits": (sending(b"\xc1\x00"), "reserved bits"),
    "sends a long ping": (sending(frame(b"x" * 126, 0x9)), "a control frame that is long"),
    "sends a ping in parts": (sending(frame(b"x", 0x9, last=False)), "a control frame that is long, or in parts"),
    "sends an unknown opcode": (sending(frame("[3]", 0x3)), "opcode 3"),
    "sends binary": (sending(frame(b"[3]", 0x2)), "opcode 2"),
    "goes on with what never began": (sending(frame("[3]", 0x0)), "opcode 0"),
    "begins anew within a message": (sending(frame("[", last=False), frame("3]")), "opcode 1"),
    "closes with a reason": (
        sending(frame((1001).to_bytes(2, "big") + b"a newer connection took over", 0x8)),
        r"closed by the peer \(1001\) a newer connection took over",
    ),
    "closes without a code": (sending(frame(b"", 0x8)), "no code"),
    "sends no JSON": (sending(frame("hello")), "it answers hello"),
    "nests without end": (sending(frame("[" * 100_000)), "it answers"),
    "answers another call": (sending(frame(result("another"))), "it answers"),
    "answers with no time": (sending(frame('[3, "x", {}]')), "it answers"),
    "sends no UTF-8": (sending(frame(b"\xff\xfe")), "it answers"),
}


@pytest.mark.parametrize(("peer", "complaint"), PEERS.values(), ids=PEERS)
def test_whatever_the_peer_does_it_ends_in_time_and_in_words(peer: Peer, complaint: str) -> None:
    began = time.monotonic()
    with (
        listening(peer) as url,
        pytest.raises(TimeoutError if not complaint else ConnectionError, match=complaint or None),
        WebSocket(url, "ocpp1.6", Clock(TIME_S)) as websocket,
    ):
        heartbeat(websocket)
    assert time.monotonic() - began < TIME_S + MARGIN_S + 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnope\n", "HTTP 404 nope"),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP 503"),
        (b"HTTP/1.0 400 Bad Request\r\nContent-Length: much\r\n\r\n", "HTTP 400"),
    ],
)
def test_a_refusal_brings_its_words_and_does_not_wait_for_the_end_of_the_connection(answer: bytes, said: str) -> None:
    with listening(instead_of_upgrade(answer)) as url, pytest.raises(Refused) as refusal:
        WebSocket(url, "ocpp1.6", Clock(TIME_S))
    assert str(refusal.value).strip() == said


def test_pings_are_answered_commands_passed_and_fragments_joined() -> None:
    heard: list[tuple[int, bytes]] = []

    def peer(connection: socket.socket) -> None:
        upgrade(connection)
        text = result(call_id(connection))
        connection.sendall(frame(json.dumps([2, "7-1", "TriggerMessage", {"requestedMessage": "StatusNotification"}])))
        connection.sendall(frame(text[:5], last=False) + frame(b"here?", 0x9) + frame(b"", 0xA))
        connection.sendall(frame(text[5:9], 0x0, last=False) + frame(text[9:], 0x0))
        heard.extend([received(connection), received(connection)])
        connection.sendall(frame(b"bye?", 0x9))
        heard.append(received(connection))
        connection.sendall(frame((1000).to_bytes(2, "big"), 0x8))

    with listening(peer) as url, WebSocket(url, "ocpp1.6", Clock(5)) as websocket:
        heartbeat(websocket)
    assert heard == [(0xA, b"here?"), (0x8, (1000).to_bytes(2, "big")), (0xA, b"bye?")]


def test_nobody_there_and_no_such_host_are_told_apart() -> None:
    with ExitStack() as stack:
        reserved = stack.enter_context(socket.socket())
        reserved.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            WebSocket(f"ws://127.0.0.1:{reserved.getsockname()[1]}/ocpp", "ocpp1.6", Clock(TIME_S))
    with pytest.raises(ConnectionError, match="no name of a host"):
        WebSocket("ws://a..b/ocpp", "ocpp1.6", Clock(TIME_S))
