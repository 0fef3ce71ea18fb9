"""Who presents tokens that nobody gave out: counted per address and minute, a line a minute and address in the log.

A right token is never refused for the wrong ones of others: behind one proxy all have one address.
"""

import logging
import time
from collections.abc import Callable

ADDRESSES = 1_000  #: remembered, and at most so many lines a minute

log = logging.getLogger("plugwatch.tokens")


class WrongTokens:
    """Wrong tokens of this minute, by address; ``clock`` is monotonic (s)."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._minute = 0
        self._counts: dict[str, int] = {}

    def wait_s(self, address: str) -> int:
        """One more of the address; 0, or how long it should wait before it tries another (s)."""
        now = self._clock()
        if int(now // 60) != self._minute:
            self._minute, self._counts = int(now // 60), {}
        if address not in self._counts:
            if len(self._counts) >= ADDRESSES:
                address = "others"
            if address not in self._counts:
                log.warning(
                    "a wrong token: if it is one of ours, compare it with the settings; if not, block the address",
                    extra={"address": address},
                )
        self._counts[address] = count = self._counts.get(address, 0) + 1
        over = bool(self._per_minute) and count > self._per_minute
        return 60 - int(now % 60) if over else 0
