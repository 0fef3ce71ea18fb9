"""Who keeps something in this process that the change stream overtakes."""

from collections.abc import Iterable
from typing import Protocol


class Hearer(Protocol):
    """Keeps something that changes overtake. The time is that of ``time.monotonic``."""

    def overtake(self, changes: Iterable[tuple[str, int]]) -> None:
        """Keys and revisions of what has changed."""

    def confirm(self, at: float, fresh_s: float, filling: bytes) -> None:
        """All that was changed before ``at`` was told, and the copy in Redis counts for ``fresh_s`` from then."""

    def forget(self) -> None:
        """Changes may have been missed."""
