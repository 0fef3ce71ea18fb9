"""h11's reading of requests, without what two servers would read in two ways, or what costs more than it brings.

Requests that two servers would cut differently are refused (RFC 9112 §6.3: both Content-Length and Transfer-Encoding).
"""

from typing import Any

import h11

_SMALL_CHUNKS = 1000  #: after so many chunks they must
_CHUNK_BYTES = 16  #: have so many bytes on the average: each costs as much work as a large one


class Requests(h11.Connection):
    """h11 that refuses what is ambiguous or costs more than it brings; ``refusal`` says why."""

    refusal: h11.RemoteProtocolError | None = None
    _chunks = _bytes = 0

    def next_event(self) -> Any:
        if self.their_state is h11.IDLE:
            self._skip_blank_lines()
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                self._chunks = self._bytes = 0
                return _checked(event)
            if isinstance(event, h11.Data):
                self._chunks, self._bytes = self._chunks + 1, self._bytes + len(event.data)
                if self._chunks > _SMALL_CHUNKS and self._bytes < self._chunks * _CHUNK_BYTES:
                    raise h11.RemoteProtocolError("the chunks of the body are too small: send larger ones")
        except h11.RemoteProtocolError as error:
            self.refusal = error
            raise
        return event

    def _skip_blank_lines(self) -> None:
        """Some clients end a body with a line too many (RFC 9112 §2.2)."""
        buffer = self._receive_buffer
        if (start := self.trailing_data[0] if buffer else b"")[:1] in (b"\r", b"\n"):
            buffer.maybe_extract_at_most(len(start) - len(start.lstrip(b"\r\n")))


def _checked(request: h11.Request) -> h11.Request:
    """The request, its target without scheme and authority (RFC 9112 §3.2.2).

    Raises:
        RemoteProtocolError: where its body ends is a matter of opinion.
    """
    if request.http_version not in (b"1.0", b"1.1"):
        raise h11.RemoteProtocolError("speak HTTP/1.1", error_status_hint=505)
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" in names and (b"content-length" in names or request.http_version < b"1.1"):
        raise h11.RemoteProtocolError("Content-Length and Transfer-Encoding exclude each other: send one of them")
    scheme, found, rest = request.target.partition(b"://")
    if not found or scheme.lower() not in (b"http", b"https"):
        return request
    path = b"/" + rest.partition(b"/")[2]
    return h11.Request(
        method=request.method, headers=list(request.headers), target=path, http_version=request.http_version
    )
