"""Frozen, or only slow? Tells them apart for everybody who waits for one server.

While somebody has waited ``SLOW_S``, the server is asked for a sign of life on a connection of its own. If none
comes within ``SILENT_S``, it is frozen: all who wait are cut off, within 3 s of their asking, and who comes
later is refused, until it answers. An error is a sign of life, too: who waits is told by its own connection.
A slow server answers, and is waited for as long as the task may take. Refused: a short deadline a statement,
which no slow one would survive; the timeouts of TCP, since the kernel of a stopped process acknowledges.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator

SLOW_S = 1.0
SILENT_S = 1.5
LOOK_S = 0.25

log = logging.getLogger("plugwatch.pulse")


class Frozen(ConnectionError):
    """The server showed no sign of life."""


class Pulse:
    """Whether one server lives; ``ask`` asks it for a sign of that, and is cancelled when none comes."""

    def __init__(self, server: str, ask: Callable[[], Awaitable[object]]) -> None:
        self._server = server
        self._ask = ask
        self._waiting: dict[object, tuple[float, Callable[[], None]]] = {}  #: oldest first: since when, how to cut off
        self._frozen = False

    def check(self) -> None:
        """Refuses whoever would wait for a frozen server.

        Raises:
            Frozen
        """
        if self._frozen:
            raise Frozen(f"{self._server} shows no sign of life")

    @contextlib.contextmanager
    def waiting(self, cut_off: Callable[[], None]) -> Iterator[None]:
        """The block waits for the server; ``cut_off`` makes it end when the server is frozen."""
        token = object()
        self._waiting[token] = asyncio.get_running_loop().time(), cut_off
        try:
            yield
        finally:
            self._waiting.pop(token, None)

    async def run(self) -> None:
        """Watches until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S if self._frozen else max(LOOK_S, self._slow_in()))
            if not self._frozen and self._slow_in() > 0:
                continue
            if await self._lives():
                if self._frozen:
                    log.info("%s lives again", self._server)
                self._frozen = False
            else:
                self._cut_off()

    def _slow_in(self) -> float:
        """So soon (s) somebody will have waited for too long: who waits now, or at the earliest who comes now."""
        now = asyncio.get_running_loop().time()
        since, _ = next(iter(self._waiting.values()), (now, None))
        return since + SLOW_S - now

    async def _lives(self) -> bool:
        asked = asyncio.ensure_future(self._ask())
        try:
            for _ in range(2):  # twice: if it was this loop that stood still, the answer is read in between
                await asyncio.wait({asked}, timeout=SILENT_S / 2)
            return asked.done()
        finally:
            asked.cancel()
            await asyncio.wait({asked}, timeout=1)
            if asked.done() and not asked.cancelled():
                asked.exception()  # an answer, too

    def _cut_off(self) -> None:
        waiting = [cut_off for _, cut_off in self._waiting.values()]
        if waiting or not self._frozen:
            log.warning(
                "%s shows no sign of life: who waits for it is cut off, who comes is refused until it answers. "
                "Look whether its process is stopped, its machine or the network is down",
                self._server,
                extra={"cut_off": len(waiting)},
            )
        self._frozen = True
        self._waiting.clear()
        for cut_off in waiting:
            cut_off()
