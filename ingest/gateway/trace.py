"""Frames of the charge points that an operator traces, on their way to a capped list in Redis.

Off the hot path: a frame is only remembered there; masking and pushing happen here, twice a second.
What does not fit, or comes while Redis is away, is dropped: a trace is no log.
"""

import asyncio
import itertools
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from redis.asyncio import Redis

from ingest.gateway.faults import Faults
from ingest.gateway.inventory.entry import Entry
from ingest.ocpp.masking import masked
from shared.stores import hot, traces
from shared.stores.traces import Direction, Traced
from shared.words import instant

log = logging.getLogger("plugwatch.gateway.trace")

EVERY_S = 0.5
HELD_BYTES = 4 * 1024 * 1024  #: of all traced charge points, between two pushes

Held = tuple[int, int, Direction, str | bytes]  #: charge point key, time, frame


class Trace:
    """What is to be pushed; ``clock`` is the time in ms since the epoch."""

    def __init__(self, redis: Redis, clock: Callable[[], int], faults: Faults) -> None:
        self._redis = redis
        self._clock = clock
        self._faults = faults
        self._held: list[Held] = []
        self._called = asyncio.Event()
        self._size = 0

    def add(self, entry: Entry, direction: Direction, text: str | bytes) -> None:
        """A frame of a charge point whose ``traced_until`` is set, which is cleared when that is over."""
        if time.monotonic() >= entry.traced_until:
            entry.traced_until = 0.0
        elif self._size + len(text) <= HELD_BYTES:
            self._held.append((entry.key, self._clock(), direction, text))
            self._size += len(text)
            self._called.set()

    async def run(self) -> None:
        """Pushes until cancelled."""
        while True:
            await self._called.wait()
            await asyncio.sleep(EVERY_S)
            self._called.clear()
            held, self._held, self._size = self._held, [], 0
            try:
                await traces.push(self._redis, await self._masked(held))
            except hot.AWAY as error:
                log.warning("traced frames are dropped: Redis is away", extra={"error": repr(error)})

    async def _masked(self, held: Sequence[Held]) -> dict[int, list[Traced]]:
        """By charge point, the newest of each, oldest first; a pause after each, since masking takes its time."""
        newest: dict[int, deque[Held]] = {}
        for one in held:
            newest.setdefault(one[0], deque(maxlen=traces.FRAMES)).append(one)
        frames: dict[int, list[Traced]] = {}
        for key, at, direction, text in itertools.chain.from_iterable(newest.values()):
            try:
                frame = Traced(instant.to_text(at), direction, masked(text, traces.FRAME_BYTES))
            except Exception as error:  # noqa: BLE001  a frame that cannot be shown costs itself alone
                self._faults.happened("trace", error, "the frame is not in the trace")
                continue
            frames.setdefault(key, []).append(frame)
            await asyncio.sleep(0)
        return frames
