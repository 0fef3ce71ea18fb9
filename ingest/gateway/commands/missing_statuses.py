"""Which places of a charge point have not been reported in its session, and what is asked for them. Pure.

A status that was refused, or lost with a gateway, is not sent again by itself (1.6 §3.7.1). So each session asks,
once it has settled, for every known place that was not reported in it: that needs no memory of what was lost.
Everything at once first where that is one question (1.6: a trigger without a connector; 2.x: GetBaseReport), then
what is still missing one by one; 2.x names a connector then (F06.FR.12). Times are monotonic (s).
"""

from collections.abc import Collection, Iterable
from math import inf

from ingest.gateway.commands.pace import Pace
from ingest.ocpp.commands import Command, Resync, TriggerMessage
from shared.words.event import MOST_PLACES, InventoryReported, StatusReported

Place = tuple[int, int]  #: EVSE and connector; (0, 0) is the charge point, (e, 0) an EVSE as a whole

TURN_S = 2  #: a turn that was not used so long after it came is lost: all who missed theirs would ask at once
REST_S = 1  #: thousands may wait for the broker at once; less than `TURN_S`, or each would lose its turn meanwhile
REPORT_S = 30  #: what was asked for as a whole has so long to come before the rest is asked for one by one
_WHOLE: Place = (0, 0)
_NONE: frozenset[Place] = frozenset()  #: one for all sessions: each call makes another, of 200 bytes


class MissingStatuses:
    """Of one session that began at ``now``; what the charge point has is to be told when it `wants_places`."""

    __slots__ = (
        "_asked", "_asked_whole", "_due_at", "_is_2x", "_looked_up", "_owed", "_pace", "_reported", "_settle_s",
        "_settled_at", "_turn", "is_looking",
    )  # fmt: skip

    def __init__(self, now: float, settle_s: float, *, is_2x: bool) -> None:
        self._settle_s = settle_s
        self._is_2x = is_2x
        self._turn: float | None = None  #: when it may ask
        self._pace: Pace | None = None  #: by which it has that turn
        self.is_looking = False  #: the answer to `wants_places` is on its way
        self.booted(now)

    def booted(self, now: float) -> None:
        """It is to report everything by itself, and has some time for that."""
        self._settled_at: float | None = now + self._settle_s  #: None once all was asked for
        if self._turn is not None and self._turn < self._settled_at:
            self.end()
        self._looked_up: Collection[Place] | None = None
        self._owed = _NONE  #: refused: asked for before the session settles
        self._reported = _NONE
        self._begin(self._settled_at)

    def _begin(self, due_at: float | None) -> None:
        self._due_at = due_at
        self._asked = _NONE
        self._asked_whole = False

    def reported(self, events: Iterable[object]) -> None:
        """These are durable."""
        if self._due_at is None:
            return
        for event in events:
            if isinstance(event, StatusReported):
                if len(self._reported) <= MOST_PLACES:  # more a charge point does not have, whatever it says
                    self._reported |= {(event.evse_id, event.connector_id)}
            elif isinstance(event, InventoryReported):  # a connector that it leaves out is as its EVSE
                listed = {place for place in self._to_report() if place[0] in event.evse_ids}
                self._reported |= listed

    def refused(self, events: Iterable[object], now: float) -> None:
        """These were answered InternalError: they are asked for as soon as anything can be."""
        places = {(event.evse_id, event.connector_id) for event in events if isinstance(event, StatusReported)}
        if places and len(self._owed) <= MOST_PLACES:
            self._owed |= places
            self._reported -= places
            self._begin(now)

    def wants_places(self, now: float) -> bool:
        """Whether the known places are to be looked up now."""
        is_due = self._settled_at is not None and now >= self._settled_at
        return is_due and self._looked_up is None and not self.is_looking

    def due_at(self, now: float, may_ask_at: float = 0.0) -> float:
        """When anything is to be asked for or looked up; never, once all was, or until the places are known.

        What is due already, and was neither asked for nor looked up, waits for something that nobody tells a session
        of, as the broker: it is tried again after `REST_S`.
        """
        asks = self._due_at is not None and (self._owed or self._looked_up is not None)
        looks = self._settled_at is not None and self._looked_up is None and not self.is_looking
        due_at = inf
        for is_due, at in ((asks, max(self._due_at or 0, may_ask_at)), (looks, self._settled_at or 0)):
            if is_due:
                due_at = min(due_at, at if at > now else now + REST_S)
        return due_at

    def known(self, places: Collection[Place]) -> None:
        """What was looked up; something may be due now."""
        self.is_looking = False
        if self._settled_at is not None:
            self._looked_up = places

    def take(self, now: float, pace: Pace) -> Command | None:
        """What to ask now, None for nothing (yet)."""
        if self._due_at is None or now < self._due_at or not (self._owed or self._looked_up is not None):
            return None
        missing = sorted(self._to_report() - self._reported)
        rest = [place for place in missing if place[1] and place not in self._asked]
        is_whole = not self._asked_whole and bool(missing) and (self._is_2x or _WHOLE in missing)
        if not rest and not is_whole:
            self._end_round(now)
            return self.take(now, pace)
        if self._turn is None or now - self._turn > TURN_S:
            self._turn, self._pace = pace.turn(now), pace
        if now < self._turn:
            self._due_at = self._turn
            return None
        self._turn = None
        if is_whole:
            self._asked_whole = True
            self._due_at = now + REPORT_S
            return Resync()
        self._asked |= {rest[0]}
        return TriggerMessage("StatusNotification", *rest[0])

    def answered(self, now: float, *, is_accepted: bool) -> None:
        """What was asked got an answer; where that is no yes, nothing will come of it."""
        if self._due_at is not None and not is_accepted and self._asked_whole:
            self._due_at = min(self._due_at, now)

    def unanswered(self, now: float) -> None:
        """What was asked got no answer in time; who is silent to one is to the next, and other commands wait behind."""
        if self._due_at is not None and self._asked:
            self._end_round(now)
        else:
            self.answered(now, is_accepted=False)

    def end(self) -> None:
        """Nothing is asked for now: another session may have its turn."""
        if self._turn is not None and self._pace is not None:
            self._pace.give_back(self._turn)
        self._turn = None

    def _end_round(self, now: float) -> None:
        """All that was refused was asked for, then all that is known."""
        if self._owed and self._settled_at is not None:
            self._owed = _NONE
            self._begin(max(now, self._settled_at))
        else:
            self.end()
            self._owed, self._settled_at, self._looked_up, self._reported = _NONE, None, None, _NONE
            self._begin(None)

    def _to_report(self) -> set[Place]:
        """What the charger is to report now; connectors are numbered from 1, so that of an unknown one is."""
        if self._owed:
            return set(self._owed)
        places = set(self._looked_up or ()) or {_WHOLE}
        with_connectors = {evse_id for evse_id, connector_id in places if connector_id}
        evses = {evse_id for evse_id, _ in places if evse_id} or {1}
        places |= {(evse_id, 1) for evse_id in evses - with_connectors}
        return places if self._is_2x else {place for place in places if place[1] <= 1}
