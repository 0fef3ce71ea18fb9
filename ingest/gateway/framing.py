"""Websocket frames told apart in a byte stream, the common one taken by itself. Pure.

Almost all that a charger sends are whole text frames without extension bits: they are unmasked here,
and answers are framed here, since that costs a third of the general way. Every other frame, and
every frame that breaks a rule, goes as it is to ``websockets``' protocol, which knows all rules.
"""

from collections.abc import Iterator

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # the C one where there is one

WHOLE_TEXT = 0x81  #: FIN and opcode 1, no extension bit (RFC 6455 §5.2)
_MASKED = 0x80


class Framer:
    """Holds what has come of a frame that is not complete, at most a frame of ``limit`` bytes."""

    __slots__ = ("_limit", "_rest")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""

    def frames(self, data: bytes) -> Iterator[tuple[bytes | None, bytes]]:
        """Each complete frame in ``data``: the payload if it is a whole text frame, and the frame as it came.

        What is too large or not masked is given out at once and incomplete, to be refused.
        """
        if self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        while end - at >= 6:
            size = data[at + 1] & 0x7F
            start = at + 6
            if size > 125:
                wide = 2 if size == 126 else 8
                start += wide
                if start > end:
                    break
                size = int.from_bytes(data[at + 2 : at + 2 + wide])
            if not data[at + 1] & _MASKED or size > self._limit:
                self._rest = b""
                yield None, data[at:]
                return
            stop = start + size
            if stop > end:
                break
            payload = apply_mask(data[start:stop], data[start - 4 : start]) if data[at] == WHOLE_TEXT else None
            yield payload, data[at:stop]
            at = stop
        self._rest = data[at:]


def text_frame(payload: bytes) -> bytes:
    """A server's whole text frame."""
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 65_536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8), payload)
