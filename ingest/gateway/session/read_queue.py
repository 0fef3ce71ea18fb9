"""Whose frames are read next: connections that have sent more than a few at once, one after another.

All of them together get `TURN_S` of each turn of the event loop, so that however many flood, the
others, the pulse and the lease wait for no longer than that.
"""

import asyncio
import time
from collections import deque
from typing import Protocol

TURN_S = 0.002  #: 30-100 frames; with a poll of the sockets between, a flood is read at more than half of full speed


class Reader(Protocol):
    """Something that has more to read."""

    def read_on(self) -> None:
        """Reads a little; adds itself again if there is more. Never raises."""


class ReadQueue:
    """Those who wait, in order."""

    def __init__(self) -> None:
        self._waiting: deque[Reader] = deque()
        self._is_due = False

    def add(self, reader: Reader) -> None:
        """Lets it read on in a later turn of the loop."""
        self._waiting.append(reader)
        self._call()

    def _call(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._read)

    def _read(self) -> None:
        self._is_due = False
        stop = time.monotonic() + TURN_S
        while self._waiting:
            self._waiting.popleft().read_on()
            if time.monotonic() >= stop:
                break
        if self._waiting:
            self._call()
