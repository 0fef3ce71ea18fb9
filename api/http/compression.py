"""JSON and pages over 1 kB go out compressed to whoever takes gzip; a stream never does: it must not wait in a buffer.

The entity tag is that of the document: it is the same whichever way the document travels.
"""

import asyncio
import zlib
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

LEAST = 1024
_LEVEL = 1  #: three times the speed of 6, a fifth more bytes
_ON_LOOP = 64 * 1024  #: bytes that take less than a millisecond
_GZIP = 16 + zlib.MAX_WBITS


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client says that it takes gzip (RFC 9110 §12.5.3); one that gives it no weight does not."""
    takes: dict[str, bool] = {}
    for one in accept_encoding.lower().split(","):
        name, _, parameters = one.partition(";")
        weight = parameters.replace(" ", "").partition("q=")[2]
        takes[name.strip()] = weight.strip("0.") != "" if weight else True
    return takes.get("gzip", takes.get("*", False))


def compressing(send: Send, headers: Mapping[bytes, bytes]) -> Send:
    """``send`` that compresses what is worth it for the client with these request headers."""
    takes = takes_gzip(headers.get(b"accept-encoding", b"").decode("latin-1"))
    start: Message | None = None

    async def sent(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start" and _is_text(message):
            start = message  # what it says depends on the body
            return
        if message["type"] == "http.response.start" and message["status"] == 304:
            MutableHeaders(raw=message["headers"]).add_vary_header("Accept-Encoding")  # as what it stands for
        if start is not None:
            begun, start = start, None
            if len(message.get("body", b"")) >= LEAST and not message.get("more_body"):
                answered = MutableHeaders(raw=begun["headers"])
                answered.add_vary_header("Accept-Encoding")
                if takes:
                    body = await packed(message["body"])
                    message = {**message, "body": body}
                    answered["Content-Encoding"] = "gzip"
                    answered["Content-Length"] = str(len(body))
            await send(begun)
        await send(message)

    return sent


def _is_text(start: Message) -> bool:
    headers = MutableHeaders(raw=start["headers"])
    kind = headers.get("content-type", "").partition(";")[0]
    return (kind in ("application/json", "text/html") or kind.endswith("+json")) and "content-encoding" not in headers


async def packed(body: bytes) -> bytes:
    """The bytes compressed."""
    return _gzip(body) if len(body) <= _ON_LOOP else await asyncio.to_thread(_gzip, body)


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()
