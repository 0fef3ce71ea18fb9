"""How far behind the chargers' own reports the state is, as rollups say with the freshness mark of Redis. No I/O.

Rollups that catch up still vouch for what they wrote. Where none has a mark, nobody works off what waits.
"""

from shared.stores.changes import Followed

EVERY_S = 5  #: boards are told, while something is behind
KEPT_S = 15  #: what was told counts as long where nobody knows: rollups start, or share the log out anew
LEAST_S = 30  #: a batch, a broker that was away for a moment
MOST_S = 24 * 3600  #: a mark that is older, or none, says nothing


class Progress:
    """``seconds`` is what counts now, 0 where nothing is behind or nobody can say; times are monotonic (s)."""

    def __init__(self) -> None:
        self.seconds = 0
        self._known_at = 0.0
        self._told_at = 0.0

    def take(self, mark: Followed, at: float) -> bool:
        """What the mark says now; returns whether it is to be told, once more when nothing is behind any more."""
        before, known = self.seconds, mark.behind_s
        if mark.lapsed_s is not None:
            known = max(mark.lapsed_s, before) if mark.lapsed_s < MOST_S else None
        if known is not None:
            self.seconds, self._known_at = (known if known >= LEAST_S else 0), at
        elif at - self._known_at > KEPT_S:
            self.seconds = 0
        told = bool(before) != bool(self.seconds) or (self.seconds > 0 and at - self._told_at >= EVERY_S)
        if told:
            self._told_at = at
        return told
