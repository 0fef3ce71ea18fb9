"""Bytes of an open websocket into the gateway's connection: what the session hears is what ``websockets`` alone reads,
however the bytes are cut, and what we answer can be read by a client.

The first byte chooses the cut, and whether messages may be compressed.
"""

from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from tests.fuzz.gateway import MAX_MESSAGE_BYTES, spoken
from tests.fuzz.wire import looped

WORDS = ["Heartbeat", "StatusNotification"]

_HEAD = (
    b"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n"
)
_DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


def run(data: bytes) -> None:
    """Sends the bytes after a handshake."""
    choice = data[0] if data else 0
    is_compressed, wire = bool(choice & 128), data[1:]
    head = _HEAD + (_DEFLATE if is_compressed else b"") + b"\r\n"
    said = looped(lambda: spoken(head + wire, choice & 31))
    texts = _texts(head, wire)
    assert said.heard == texts[: len(said.heard)]
    # A CALL that waits for the answer to the one before it is let go with the connection: nothing was promised of it.
    assert len(said.heard) == len(texts) or said.wire.ended
    _read(bytes(said.wire.written), is_compressed=is_compressed)


def _texts(head: bytes, wire: bytes) -> list[str]:
    """The messages until the first that OCPP-J does not allow, or the end."""
    peer = ServerProtocol(
        subprotocols=[Subprotocol("ocpp2.0.1")],
        extensions=[ServerPerMessageDeflateFactory(True, True, 11, 11)],
        max_size=MAX_MESSAGE_BYTES,
    )
    peer.receive_data(head)
    (request,) = peer.events_received()
    assert isinstance(request, Request)
    peer.send_response(peer.accept(request))
    peer.receive_data(wire)
    texts, parts, is_text = list[str](), b"", True
    for frame in peer.events_received():
        assert isinstance(frame, Frame)
        if frame.opcode is Opcode.CLOSE:
            break
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            continue
        if frame.opcode is not Opcode.CONT:
            parts, is_text = b"", frame.opcode is Opcode.TEXT
        parts += frame.data
        if not frame.fin:
            continue
        try:
            text = parts.decode()
        except UnicodeDecodeError:
            break
        if not is_text:
            break
        texts.append(text)
    return texts


def _read(written: bytes, *, is_compressed: bool) -> None:
    """Reads our answer to the handshake, and then frames, as a client."""
    response, _, frames = written.partition(b"\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 101 "), response
    client = ClientProtocol(parse_uri("ws://x/ocpp/CP1"), state=OPEN)
    if is_compressed:
        client.extensions = [PerMessageDeflate(True, True, 11, 11)]
    client.receive_data(frames)
    assert client.parser_exc is None, client.parser_exc
