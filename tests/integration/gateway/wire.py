"""A TCP connection to a gateway, for what no websocket client would send."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from websockets.frames import Frame, Opcode

from tests.integration.gateway.parts import WITHIN_S, Gateway


class Wire:
    """A TCP connection to a gateway, for what no websocket client would send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, target: str, headers: Sequence[str], *, then: bytes = b"") -> tuple[int, str]:
        """Sends a request, and ``then`` in the same packet; the status and the rest of the response's head."""
        head = "\r\n".join([f"GET {target} HTTP/1.1", "Host: gateway", *headers, "", ""])
        self.writer.write(head.encode("latin-1") + then)
        async with asyncio.timeout(WITHIN_S):
            answer = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        return int(answer.split()[1]), answer

    def send(self, *frames: tuple[Opcode, bytes], fin: bool = True) -> None:
        """Sends frames in one packet."""
        self.writer.write(b"".join(Frame(opcode, data, fin).serialize(mask=True) for opcode, data in frames))

    async def frame(self, within_s: float = WITHIN_S) -> tuple[int, bytes]:
        """The next frame from the gateway: opcode and data."""
        async with asyncio.timeout(within_s):
            first, length = await self.reader.readexactly(2)
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2), "big")
            return first & 0x0F, await self.reader.readexactly(length)

    async def close_code(self, within_s: float = WITHIN_S) -> int:
        """The code of the close frame; other frames before it are dropped."""
        while (found := await self.frame(within_s))[0] != Opcode.CLOSE:
            pass
        return int.from_bytes(found[1][:2], "big")

    async def end(self, within_s: float = WITHIN_S) -> bytes:
        """What comes until the gateway closes the connection."""
        async with asyncio.timeout(within_s):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
OCPP16 = (*UPGRADE, "Sec-WebSocket-Protocol: ocpp1.6")


@asynccontextmanager
async def wired(gateway: Gateway) -> AsyncIterator[Wire]:
    """A TCP connection while the block runs."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()
