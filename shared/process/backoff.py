"""How long to wait before trying again: twice as long each time, and never all at once."""

from collections.abc import Iterator
from random import random


def backoff(first_s: float, most_s: float) -> Iterator[float]:
    """Waits (s) from about ``first_s`` up to about ``most_s``, each between half and one and a half of its length."""
    wait_s = first_s
    while True:
        yield wait_s * (0.5 + random())  # noqa: S311
        wait_s = min(wait_s * 2, most_s)
