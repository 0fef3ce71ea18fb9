"""How fast a gateway asks its chargers for statuses: after a storm they are spread over minutes. Pure."""

from heapq import heappop, heappush


class Pace:
    """Turns, ``a_second`` in the long run and that many at once; times are monotonic (s)."""

    def __init__(self, a_second: float, now: float) -> None:
        self._between_s = 1 / a_second
        self._next = now - 1
        self._given_back: list[float] = []  #: a heap

    def turn(self, now: float) -> float:
        """When whoever wants to ask now may: nobody else has that turn. It has come if it is not after ``now``."""
        while self._given_back:
            if (turn := heappop(self._given_back)) >= now - 1:
                return turn
        turn = max(self._next, now - 1) + self._between_s
        self._next = turn
        return turn

    def give_back(self, turn: float) -> None:
        """Who had it has gone: else those who come and go would take all turns of the minutes to come."""
        heappush(self._given_back, turn)
