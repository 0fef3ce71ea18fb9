"""The head of a handshake: is it there yet, and could it be one? Who does not speak websocket is told why. Pure."""

from typing import Literal

Reason = Literal[
    "tls",  # ws:// is served here; TLS ends at the proxy
    "not_http",
    "bad_head",
    "head_too_large",
    "method",
    "http_version",  # most often a proxy that speaks HTTP/1.0 to what is behind it
    "no_upgrade",  # a browser, a probe, or a proxy that drops Upgrade and Connection
    "bad_upgrade",  # Sec-WebSocket-Key or -Version
    "subprotocol",
    "timeout",
    "error",  # ours: the gateway's log has it
]

LARGEST_BYTES = 16_384
_TLS_HANDSHAKE = b"\x16\x03"
_WEBSOCKET = "an OCPP charger opens a websocket here: GET with HTTP/1.1, Connection: Upgrade, Upgrade: websocket"
_END = b"\r\n\r\n"


class NoHandshake(Exception):
    """What came is none, and why; ``status`` is the HTTP answer, None when HTTP would not be understood."""

    def __init__(self, reason: Reason, status: int | None, text: str, *headers: tuple[str, str]) -> None:
        super().__init__(text)
        self.reason: Reason = reason
        self.status = status
        self.text = text
        self.headers = headers


def end_of(data: bytes | bytearray) -> int | None:
    """Where the head at the beginning of ``data`` ends, None if more of it must come.

    Raises:
        NoHandshake: it is none, whatever comes.
    """
    if data.startswith(_TLS_HANDSHAKE):
        raise NoHandshake("tls", None, "a TLS hello: this port speaks plain ws://, TLS ends at the proxy before it")
    if not data[:1].isalpha():
        raise NoHandshake("not_http", 400, f"this is not HTTP; {_WEBSOCKET}")
    at = data.find(_END)
    end = at + len(_END) if at >= 0 else None
    if b"\n\n" in data[:end]:
        raise NoHandshake("bad_head", 400, "lines of a head end in CRLF")
    if (len(data) if end is None else end) > LARGEST_BYTES:
        raise NoHandshake("head_too_large", 431, f"the head of a request has at most {LARGEST_BYTES} bytes")
    if end is not None:
        _check_request_line(bytes(data[: data.find(b"\n")]).rstrip(b"\r"))
    return end


def _check_request_line(line: bytes) -> None:
    words = line.split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/"):
        raise NoHandshake("bad_head", 400, f"the first line is no HTTP request; {_WEBSOCKET}")
    method, _, version = words
    if method != b"GET":
        raise NoHandshake("method", 405, _WEBSOCKET, ("Allow", "GET"))
    if version != b"HTTP/1.1":
        told = "a websocket needs HTTP/1.1; a proxy between the charger and here may be speaking another to us"
        raise NoHandshake("http_version", 426, told, ("Upgrade", "websocket"))
