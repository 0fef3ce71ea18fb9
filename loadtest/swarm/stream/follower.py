"""`GET /v1/stream` held open: blocks as they come, closed cleanly. Blocking, and so made for greenlets."""

import http.client
from collections.abc import Iterator, Mapping
from time import perf_counter
from urllib.parse import urlencode, urlsplit

from loadtest.stream.sse import Block, Blocks

SILENT_AFTER_S = 20.0  #: the API says something every 15 s
ENOUGH_BYTES = 65_536


class StreamLost(Exception):
    """Not to be had, ended by the server, or silent for longer than it may be."""


class Follower:
    """One connection to the stream."""

    def __init__(self, api: str, token: str, wanted: Mapping[str, list[str]], last_id: str = "") -> None:
        """Open it, with the filters `wanted`, after `last_id` if there is one.

        Raises:
            StreamLost
        """
        url = urlsplit(api)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(url.hostname or "", url.port, timeout=SILENT_AFTER_S)
        self._blocks = Blocks()
        headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": last_id} if last_id else {})
        try:
            path = f"{url.path.rstrip('/')}/v1/stream?{urlencode(wanted, doseq=True)}"
            self._connection.request("GET", path, headers=headers)
            self._response = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise StreamLost(f"no stream: {type(error).__name__}") from error
        if self._response.status != 200:
            self._connection.close()
            raise StreamLost(f"no stream: HTTP {self._response.status}")

    def blocks(self, until: float) -> Iterator[Block]:
        """Blocks until `until` (s, perf_counter), which is looked at when something comes.

        Raises:
            StreamLost
        """
        while perf_counter() < until:
            try:
                piece = self._response.read1(ENOUGH_BYTES)
            except (OSError, http.client.HTTPException) as error:
                words = f"silent for {SILENT_AFTER_S:g} s" if isinstance(error, TimeoutError) else type(error).__name__
                raise StreamLost(f"stream lost: {words}") from error
            if not piece:
                raise StreamLost("stream ended by the server")
            yield from self._blocks.feed(piece)

    def close(self) -> None:
        self._response.close()
        self._connection.close()
