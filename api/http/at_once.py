"""Documents that lie in memory go out before any routing: the answer that their routes give, for a third of the CPU.

The middleware has checked by then all that is checked of every request.
"""

from collections.abc import Mapping

from api.memory import Kept, Memory
from api.metrics import Metrics
from shared.stores import hot

from . import compression, etags, responses

Headers = list[tuple[bytes, bytes]]

_STATIONS = "/v1/stations/"
_CHARGE_POINTS = "/v1/charge-points/"
_NO_CACHE = (b"cache-control", b"no-cache")
_JSON = (b"content-type", b"application/json")
_GZIP = (b"content-encoding", b"gzip")
_VARY = (b"vary", b"Accept-Encoding")
_STREAM_ID = responses.STREAM_ID.lower().encode()


class AtOnce:
    """What can be answered without waiting for anybody."""

    def __init__(self, memory: Memory, metrics: Metrics) -> None:
        self._memory = memory
        self._metrics = metrics

    def find(self, path: str) -> tuple[str, Kept] | None:
        """The template of the route that ``path`` has, and the document that it would answer with."""
        if not path.isascii():
            return None  # lower() has ASCII letters for some that no id has
        if path.startswith(_STATIONS):
            template, key = "/v1/stations/{station_id}", hot.station_key(path[len(_STATIONS) :])
        elif path.startswith(_CHARGE_POINTS):
            template, key = "/v1/charge-points/{charge_point_id}", hot.charge_point_key(path[len(_CHARGE_POINTS) :])
        else:
            return None
        kept = self._memory.find(key)
        if kept is None or kept.document is None or not kept.document.document:
            return None
        return template, kept

    async def answer(
        self, kept: Kept, headers: Mapping[bytes, bytes], stream_id: str | None, more: Headers
    ) -> tuple[int, Headers, bytes]:
        """Status, headers and body: the document, or 304 for who holds it."""
        self._metrics.reads_memory.inc()
        document = kept.document
        assert document is not None
        body = document.document or b""
        told = [(b"etag", document.etag.encode()), _NO_CACHE, *more]
        if stream_id is not None:
            told.append((_STREAM_ID, stream_id.encode()))
        if len(body) >= compression.LEAST:
            told.append(_VARY)
        status = 200
        if etags.is_current(headers.get(b"if-none-match", b"").decode("latin-1") or None, document.etag):
            status, body = 304, b""
        else:
            accepted = headers.get(b"accept-encoding")
            if accepted and len(body) >= compression.LEAST and compression.takes_gzip(accepted.decode("latin-1")):
                packed = kept.packed
                if packed is None:
                    packed = await compression.packed(body)
                    self._memory.pack(kept, document, packed)
                body = packed
                told.append(_GZIP)
            told += [_JSON, (b"content-length", b"%d" % len(body))]
        return status, told, body
