"""Frames of the charge points that an operator traces, on their way to a capped list in Redis.

Off the hot path: a frame is only remembered there; masking and pushing happen here, twice a second.
What does not fit, or comes while Redis is away, is dropped: a trace is no log.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from redis.asyncio import Redis

from ingest.gateway.registry import Entry
from ingest.ocpp.masking import masked
from shared import hot, instant, traces
from shared.traces import Direction, Traced

log = logging.getLogger("plugwatch.gateway.trace")

EVERY_S = 0.5
HELD_BYTES = 4 * 1024 * 1024  #: of all traced charge points, between two pushes


class Trace:
    """What is to be pushed; ``clock`` is the time in ms since the epoch."""

    def __init__(self, redis: Redis, clock: Callable[[], int]) -> None:
        self._redis = redis
        self._clock = clock
        self._held: list[tuple[int, int, Direction, str | bytes]] = []
        self._size = 0

    def add(self, entry: Entry, direction: Direction, text: str | bytes) -> None:
        """A frame of a charge point whose ``traced_until`` is set, which is cleared when that is over."""
        if time.monotonic() >= entry.traced_until:
            entry.traced_until = 0.0
        elif self._size + len(text) <= HELD_BYTES:
            self._held.append((entry.key, self._clock(), direction, text))
            self._size += len(text)

    async def run(self) -> None:
        """Pushes until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            held, self._held, self._size = self._held, [], 0
            if not held:
                continue
            frames: dict[int, list[Traced]] = {}
            for key, at, direction, text in held:
                frame = masked(text, traces.FRAME_BYTES)
                frames.setdefault(key, []).append(Traced(instant.to_text(at), direction, frame))
            try:
                await traces.push(self._redis, frames)
            except hot.AWAY as error:
                log.warning("traced frames are dropped: Redis is away", extra={"error": repr(error)})
