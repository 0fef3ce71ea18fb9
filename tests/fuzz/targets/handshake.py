"""Bytes of a new socket into the gateway's connection: a websocket, an HTTP answer that says why not, or silence;
and the same however the bytes are cut.

The first byte chooses the cut.
"""

import re

import h11

from ingest.gateway.handshake import head
from tests.fuzz.gateway import spoken
from tests.fuzz.wire import looped

WORDS = [
    "GET /ocpp/CP1 HTTP/1.1\r\n", "HTTP/1.0", "Host", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n", "ocpp1.6",
    "Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", "Sec-WebSocket-Protocol: ",
    "Sec-WebSocket-Extensions: permessage-deflate\r\n", "Authorization: Basic ", "X-Forwarded-For: ", "\r\n\r\n",
]  # fmt: skip


def run(data: bytes) -> None:
    """Sends the bytes from the connect on."""
    choice, wire = (data[0] if data else 0), data[1:]
    _head(wire)
    said = looped(lambda: spoken(wire, choice & 31))
    whole = looped(lambda: spoken(wire, 0))
    assert _undated(said.wire.written) == _undated(whole.wire.written)
    if said.wire.written:
        _read(bytes(said.wire.written), upgraded=bool(said.heard))


def _undated(written: bytes | bytearray) -> bytes:
    return re.sub(rb"\r\nDate: [^\r]+", b"", written)


def _head(wire: bytes) -> None:
    """A head that is complete stays so, whatever comes behind it."""
    try:
        end = head.end_of(wire)
        if end is not None:
            assert wire[:end].endswith(b"\r\n\r\n")
            assert head.end_of(wire[:end]) == end
    except head.NoHandshake as error:
        assert error.status is None or 400 <= error.status < 500
        assert error.text


def _read(written: bytes, *, upgraded: bool) -> None:
    """Reads our answer as a client of HTTP."""
    client = h11.Connection(h11.CLIENT)
    client.send(
        h11.Request(method="GET", target="/", headers=[("Host", "x"), ("Upgrade", "x"), ("Connection", "Upgrade")])
    )
    client.send(h11.EndOfMessage())
    client.receive_data(written)
    response = client.next_event()
    assert isinstance(response, h11.InformationalResponse | h11.Response)
    assert response.status_code == 101 or (response.status_code >= 400 and not upgraded)
