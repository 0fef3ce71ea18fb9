"""How often somebody was refused in this minute: bounded, forgetting who was refused least recently. Pure."""

HELD = 10_000


class RefusalLimit:
    """Counts by address or by id; 0 ``per_minute``: no limit."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._counts: dict[str, tuple[int, int]] = {}

    def count(self, who: str, minute: int) -> int:
        """Refusals of this minute."""
        of, count = self._counts.get(who, (minute, 0))
        return count if of == minute else 0

    def is_reached(self, who: str, minute: int) -> bool:
        """Whether they have had their refusals of this minute."""
        return bool(self._per_minute) and self.count(who, minute) >= self._per_minute

    def refused(self, who: str, minute: int) -> bool:
        """One more refusal; returns whether it is the one that reaches the limit."""
        count = self.count(who, minute) + 1
        self._counts.pop(who, None)
        while len(self._counts) >= HELD:
            del self._counts[next(iter(self._counts))]
        self._counts[who] = (minute, count)
        return count == self._per_minute

    def forgiven(self, who: str, minute: int) -> None:
        """One refusal was none after all."""
        if count := self.count(who, minute):
            self._counts[who] = (minute, count - 1)
