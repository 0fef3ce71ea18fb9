"""How much a charger may send, and for how long it may want more. Pure: time is an argument.

A bucket of tokens, refilled only when it is empty, so that a frame costs one subtraction. Who has used
them up is read no further until there are new ones; who then still has more to say for
``patience_s`` on end floods. A charger that waits for its answers is only slowed down.
"""

BURST_S = 20  #: tokens for so many seconds may be used at once
BYTES_A_TOKEN = 2_048  #: 99 % of all messages fit in it (OCPP 2.1 Part 4 §5.2)


class Budget:
    """The tokens of one connection; ``now`` is monotonic (s).

    Args:
        a_second: tokens that come back in a second; `BURST_S` times as many may be there.
        patience_s: how long somebody may have more to say than there are tokens.
    """

    __slots__ = ("_a_second", "_filled_at", "_patience_s", "exceeded_since", "left")

    def __init__(self, a_second: float, patience_s: float, now: float) -> None:
        self._a_second = a_second
        self._patience_s = patience_s
        self._filled_at = now
        self.exceeded_since: float | None = None  #: since when it has had more to say than tokens
        self.left = a_second * BURST_S

    def refilled(self, now: float) -> bool:
        """Adds what has come back; whether there are tokens now. To be asked when there are none."""
        self.left = min(self.left + (now - self._filled_at) * self._a_second, self._a_second * BURST_S)
        self._filled_at = now
        if self.left < 1 and self.exceeded_since is None:
            self.exceeded_since = now
        return self.left >= 1

    def is_flooded(self, now: float) -> bool:
        """Whether patience is over."""
        return self.exceeded_since is not None and now - self.exceeded_since >= self._patience_s
