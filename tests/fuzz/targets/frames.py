"""Bytes of an open websocket into the gateway's connection: what the session hears is what ``websockets`` alone reads,
however the bytes are cut, the socket ends where it says so, and what we answer can be read by a client.

The first byte chooses the cut, and whether messages may be compressed.
"""

import json

from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from ingest.gateway.session.web_socket import HELD, HELD_EACH
from ingest.ocpp.frame import Call, is_answer, parse
from ingest.ocpp.versions import DIALECTS
from tests.fuzz.gateway import MAX_MESSAGE_BYTES, Spoken, spoken
from tests.fuzz.wire import looped

WORDS = ["Heartbeat", "StatusNotification"]

_HEAD = (
    b"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n"
)
_MESSAGE_TYPES = DIALECTS["ocpp2.0.1"].message_types
_DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


def run(data: bytes) -> None:
    """Sends the bytes after a handshake."""
    choice = data[0] if data else 0
    is_compressed, wire = bool(choice & 128), data[1:]
    head = _HEAD + (_DEFLATE if is_compressed else b"") + b"\r\n"
    said = looped(lambda: spoken(head + wire, choice & 31))
    texts, is_over = _texts(head, wire)
    assert is_over or not said.wire.ended
    _compare(said, texts)
    _read(bytes(said.wire.written), is_compressed=is_compressed)


def _compare(said: Spoken, texts: list[str]) -> None:
    """All answers are heard, in order, for they wait for nothing. CALLs are, too, all of them unless the socket ends.

    Where it ends (a close, or what a client must not send), nothing is answered any more: not the CALL whose events the
    log has not acked yet, nor those that came behind it, before the end, and were held for it. These are let go, not
    heard: nothing was promised of them. Whatever comes next after one that was answered has been heard. A text that
    begins like an answer and is none passes like one, and is refused at once.
    """
    calls, answers = _apart(texts)
    heard, heard_answers = _apart(said.heard)
    assert heard_answers == answers
    assert heard == calls[: len(heard)]
    if len(heard) < len(calls):
        assert said.wire.ended, "CALLs are let go only with the socket"
        assert len(calls) - len(heard) <= HELD // HELD_EACH
        waited_for = parse(heard[-1], _MESSAGE_TYPES)
        assert isinstance(waited_for, Call)
        since = max(at for at, said_text in enumerate(said.texts) if said_text == ("in", heard[-1]))
        answered = [json.loads(text)[1] for direction, text in said.texts[since:] if direction == "out"]
        assert waited_for.id not in answered, "what they waited for was answered"


def _apart(texts: list[str]) -> tuple[list[str], list[str]]:
    return [text for text in texts if not is_answer(text)], [text for text in texts if is_answer(text)]


def _texts(head: bytes, wire: bytes) -> tuple[list[str], bool]:
    """The messages until the first that OCPP-J does not allow, or the end; whether there is such an end.

    It may be in a frame that is not whole yet, and the gateway waits for the rest of that.
    """
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
            return texts, True
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
            return texts, True
        if not is_text:
            return texts, True
        texts.append(text)
    return texts, peer.parser_exc is not None


def _read(written: bytes, *, is_compressed: bool) -> None:
    """Reads our answer to the handshake, and then frames, as a client."""
    response, _, frames = written.partition(b"\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 101 "), response
    client = ClientProtocol(parse_uri("ws://x/ocpp/CP1"), state=OPEN)
    if is_compressed:
        client.extensions = [PerMessageDeflate(True, True, 11, 11)]
    client.receive_data(frames)
    assert client.parser_exc is None, client.parser_exc
