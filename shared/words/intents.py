"""What operators asked of places, and what is shown of it. Pure; the rows are those of the table ``intents``.

An intent waits until the charger has answered and its own statuses agree, or it said no. What was taken out of
service stays so until the charger agrees to another intent, whatever was asked meanwhile.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypedDict

from . import instant
from .documents import Intent as Shown
from .documents import OutOfService, PlacedIntent

Place = tuple[int, int]  #: (evse_id, connector_id); (0, 0) the charge point, (e, 0) an EVSE as a whole
CHARGE_POINT: Place = (0, 0)
AGREED = ("Accepted", "Scheduled")


class Out(NamedTuple):
    """Who took a place out of service, why, and when (ms)."""

    note: str | None
    by: str | None
    since: int


class Intent(NamedTuple):
    """The last intent for a place; over once the charger's own status agrees, or it said no. Times are ms."""

    version: int
    operative: bool
    note: str | None
    asked_at: int
    asked_by: str | None = None
    result: str | None = None
    answered_at: int | None = None
    confirmed_at: int | None = None
    before: Out | None = None  #: who had taken the place out when this was asked

    @property
    def is_over(self) -> bool:
        """Nothing is to be waited for any more."""
        return self.confirmed_at is not None or self.result == "Rejected"

    @property
    def out(self) -> Out | None:
        """Who holds the place out of service."""
        if self.operative:
            return None if self.result in AGREED else self.before
        return self.before if self.result == "Rejected" else Out(self.note, self.asked_by, self.asked_at)


class Fields(TypedDict):
    """What a document shows of them."""

    operative: bool
    intent: Shown | None
    intents: tuple[PlacedIntent, ...]
    out_of_service: tuple[OutOfService, ...]


def of_row(row: Any) -> Intent:
    """The intent in a row.

    Raises:
        TypeError: a time is infinite, or none.
    """
    since = row["out_since"]
    before = None if since is None else Out(row["out_note"], row["out_by"], instant.from_datetime(since))
    return Intent(
        version=row["version"],
        operative=row["operative"],
        note=row["note"],
        asked_at=instant.from_datetime(row["asked_at"]),
        asked_by=row["asked_by"],
        result=row["result"],
        answered_at=None if row["answered_at"] is None else instant.from_datetime(row["answered_at"]),
        confirmed_at=None if row["confirmed_at"] is None else instant.from_datetime(row["confirmed_at"]),
        before=before,
    )


def is_operative(intents: Mapping[Place, Intent]) -> bool:
    """What the charge point as a whole was last asked to be, unless it refused that."""
    whole = intents.get(CHARGE_POINT)
    if whole is None:
        return True
    return whole.operative if whole.result != "Rejected" else whole.before is None


def fields(intents: Mapping[Place, Intent]) -> Fields:
    """What the document of the charge point shows of its intents."""
    ordered = sorted(intents.items(), key=lambda one: one[1].version)
    waiting = [intent for _, intent in ordered if not intent.is_over]
    return {
        "operative": is_operative(intents),
        "intent": _shown(waiting[-1]) if waiting else None,
        "intents": tuple(_placed(place, intent) for place, intent in ordered if intent.confirmed_at is None),
        "out_of_service": tuple(
            OutOfService(out.note, out.by, instant.to_text(out.since), *place)
            for place, intent in ordered
            if (out := intent.out) is not None
        ),
    }


def _shown(intent: Intent) -> Shown:
    return Shown(intent.operative, intent.note, instant.to_text(intent.asked_at))


def _placed(place: Place, intent: Intent) -> PlacedIntent:
    return PlacedIntent(intent.operative, intent.note, instant.to_text(intent.asked_at), *place, intent.result)
