"""Websocket frames told apart in a byte stream, the common one taken by itself. Pure.

Almost all that a charger sends are whole text frames without extension bits: they are unmasked here,
and answers are framed here, since that costs a third of the general way. Every other frame, and
every frame that breaks a rule, goes as it is to ``websockets``' protocol, which knows all rules.
"""

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # the C one where there is one

WHOLE_TEXT = 0x81  #: FIN and opcode 1, no extension bit (RFC 6455 §5.2)
_MASKED = 0x80


class Framer:
    """Holds what has come and was not taken; of a frame that is not complete at most ``limit`` bytes."""

    __slots__ = ("_at", "_data", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._data: bytes | bytearray = b""
        self._at = 0

    def __len__(self) -> int:
        """Bytes that were not taken."""
        return len(self._data) - self._at

    def feed(self, data: bytes | bytearray) -> None:
        """More bytes. What waits already is not copied again for each of them."""
        if not self._data:
            self._data = data
            return
        if isinstance(self._data, bytes):
            self._data = bytearray(self._data)
        del self._data[: self._at]
        self._data += data
        self._at = 0

    def clear(self) -> None:
        """Forgets what was not taken."""
        self._data, self._at = b"", 0

    def take(self, texts: bool) -> "tuple[bool, bytes | bytearray] | None":
        """The next frame, None if it is not complete: whether it is a whole text, and its payload; else as it came.

        Texts are frames like all others unless ``texts``. What is too large or not masked is given out at once,
        with all behind it, to be refused.
        """
        data, at = self._data, self._at
        end = len(data)
        if end - at < 6 and (end - at < 2 or data[at + 1] & _MASKED):
            return None
        size = data[at + 1] & 0x7F
        start = at + 6
        if size > 125:
            wide = 2 if size == 126 else 8
            start += wide
            if start > end:
                return None
            size = int.from_bytes(data[at + 2 : at + 2 + wide])
        if not data[at + 1] & _MASKED or size > self._limit:
            self.clear()
            return False, data[at:]
        stop = start + size
        if stop > end:
            return None
        if stop == end:
            self._data, self._at = b"", 0
        else:
            self._at = stop
        if texts and data[at] == WHOLE_TEXT:
            return True, apply_mask(data[start:stop], data[start - 4 : start])
        return False, data[at:stop]


def text_frame(payload: bytes) -> bytes:
    """A server's whole text frame."""
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 65_536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8), payload)
