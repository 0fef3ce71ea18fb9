"""All of the inventory compared with what is in memory, a page of keys at a time. Pure.

A page is a moment's work, however large the inventory is, and each row is read anew: what was committed late,
or by somebody who told nobody, is found wherever it lies.
"""

from collections import deque
from collections.abc import Iterable, Sequence

PAGE = 250  #: rows: some 1 ms of the loop


class Comparison:
    """Of one round; ``known`` are the keys in memory when it begins."""

    def __init__(self, known: Iterable[int]) -> None:
        self._known = deque(sorted(known))
        self.after = 0  #: the next page has the lowest keys above this one
        self.is_over = False

    def gone(self, page: Sequence[int]) -> list[int]:
        """Takes the keys of the next page, which were there when it was read; gives those that are there no more.

        What came into memory since the beginning is not judged: a page that was read earlier may lack it.
        """
        self.is_over = len(page) < PAGE
        there = set(page)
        passed = []
        while self._known and (self.is_over or self._known[0] <= page[-1]):
            passed.append(self._known.popleft())
        if page:
            self.after = page[-1]
        return [key for key in passed if key not in there]
