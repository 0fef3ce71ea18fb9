"""Which intent a charger is asked for next. Pure.

Each is tried once a session and again after a boot; one that was answered before only if what the charger reports
since its boot is not what was asked last for a place or around it.
"""

from collections.abc import Iterable, Sequence

from ingest.ocpp.commands import ChangeAvailability
from shared.words.event import StatusReported

_NONE: frozenset[int] = frozenset()  #: one for all sessions: each call makes another, of 200 bytes


class Tries:
    """Of one session. ``intents`` are those without an answer, ``agreed`` those that the charger agreed to."""

    __slots__ = ("_broken", "_has_booted", "_is_2x", "_tried")

    def __init__(self, *, is_2x: bool) -> None:
        self._is_2x = is_2x
        self._has_booted = False
        self._tried = _NONE
        self._broken = _NONE  #: those that what was reported since the boot disagrees with

    def booted(self, *, is_asked_for: bool) -> None:
        """The charger may have forgotten what it was asked, unless it only says so."""
        self._has_booted = True
        if not is_asked_for:
            self._tried = self._broken = _NONE

    def reported(
        self, events: Iterable[object], intents: Sequence[ChangeAvailability], agreed: Sequence[ChangeAvailability]
    ) -> None:
        """What it said, once that is durable."""
        if not (agreed and self._has_booted):
            return
        for event in events:
            if isinstance(event, StatusReported):
                about = (change for change in (*intents, *agreed) if _is_about(event, change))
                last = max(about, key=lambda change: change.intent, default=None)
                if last is not None and last in agreed and _breaks(event, last):
                    self._broken = _versions(agreed) & self._broken | {last.intent}

    def take(
        self, intents: Sequence[ChangeAvailability], agreed: Sequence[ChangeAvailability]
    ) -> ChangeAvailability | None:
        """The next one, which counts as tried."""
        if not intents and not self._broken:
            return None
        broken = (change for change in agreed if change.intent in self._broken)
        change = next((change for change in (*intents, *broken) if self._may_be_tried(change)), None)
        if change is not None:
            self._tried = _versions((*intents, *agreed)) & self._tried | {change.intent}
        return change

    def _may_be_tried(self, change: ChangeAvailability) -> bool:
        """Once, and in 1.6 no connector that was known of a device with another dialect: it would be another one."""
        return change.intent not in self._tried and (self._is_2x or change.connector_id <= 1)


def _versions(changes: Iterable[ChangeAvailability]) -> frozenset[int]:
    return frozenset(change.intent for change in changes)


def _is_about(event: StatusReported, change: ChangeAvailability) -> bool:
    return change.evse_id in (0, event.evse_id) and change.connector_id in (0, event.connector_id)


def _breaks(event: StatusReported, change: ChangeAvailability) -> bool:
    """Whether a status is not what was asked for its place; a fault is no service, but no intent mends it."""
    if change.operative:
        return event.reported == "Unavailable"
    return event.reported not in ("Unavailable", "Faulted")
