"""What operators asked of places, and what the charger's answers and statuses make of that. Pure."""

from collections.abc import Collection, Iterable

from shared.words.event import EVSE_LEVEL, CommandAnswered
from shared.words.intents import AGREED, Intent, Out

from .state import CHARGE_POINT, ChargePoint, Place, Report

_NO_SERVICE = ("UNAVAILABLE", "FAULTED")  #: a fault is no service either, but no intent mends it


def answered(charge_point: ChargePoint, event: CommandAnswered) -> None:
    """The charger's word on an intent; on one whose place a newer one took, it says what holds until that is agreed."""
    place = (event.evse_id, event.connector_id)
    intent = charge_point.intents.get(place)
    if intent is not None and intent.version > event.intent and intent.result is None and event.result in AGREED:
        before = None if event.operative else intent.before or Out(None, None, event.received_at)
        if before != intent.before:
            _change(charge_point, place, intent._replace(before=before))
    elif intent is not None and (intent.version, intent.operative) == (event.intent, event.operative):
        intent = intent._replace(result=event.result, answered_at=event.received_at, confirmed_at=None)
        _change(charge_point, place, intent)
        if intent.operative and intent.result in AGREED:
            _return_parts(charge_point, place, intent)
        confirm(charge_point, place, event.received_at)


def confirm(charge_point: ChargePoint, place: Place, at: int) -> None:
    """Ends the intents for ``place`` and around it that got a yes and that the charger's own statuses agree with.

    One that is out of service waits again when they disagree, since it is asked again after a boot.
    """
    for asked in {CHARGE_POINT, (place[0], EVSE_LEVEL), place}:
        intent = charge_point.intents.get(asked)
        if intent is None or intent.result not in AGREED:
            continue
        whole = charge_point.reports.get(asked)
        connectors = _connectors(charge_point, asked, intent)
        if intent.confirmed_at is None:
            out = [report.normalized == "UNAVAILABLE" for report in connectors]
            is_out = all(out) or (whole is not None and whole.normalized == "UNAVAILABLE")
            if (not any(out)) if intent.operative else is_out:
                _change(charge_point, asked, intent._replace(confirmed_at=at))
        elif not intent.operative and any(_serves(report, whole) for report in connectors):
            _change(charge_point, asked, intent._replace(confirmed_at=None))


def forget(charge_point: ChargePoint) -> None:
    """What is no longer there is not asked for any more."""
    for place in [place for place in charge_point.intents if not charge_point.has(place)]:
        del charge_point.intents[place]
        charge_point.touched_intents.discard(place)
        charge_point.gone_intents.add(place)


def _return_parts(charge_point: ChargePoint, place: Place, whole: Intent) -> None:
    """With the whole its parts are in service again, unless they were taken out later."""
    for part, intent in list(charge_point.intents.items()):
        is_within = part != place and (place == CHARGE_POINT or (part[0] == place[0] and not place[1]))
        if is_within and intent.version < whole.version and intent.out is not None:
            returned = intent._replace(
                operative=True,
                result=whole.result,
                answered_at=whole.answered_at,
                confirmed_at=whole.answered_at,
                before=None,
            )
            _change(charge_point, part, returned)


def _change(charge_point: ChargePoint, place: Place, intent: Intent) -> None:
    charge_point.intents[place] = intent
    charge_point.touched_intents.add(place)


def _serves(report: Report, whole: Report | None) -> bool:
    """Whether a connector is in service after all, whatever was said before of what is around it."""
    is_older = whole is not None and whole.normalized == "UNAVAILABLE" and report.version <= whole.version
    return report.normalized not in _NO_SERVICE and not is_older


def _connectors(charge_point: ChargePoint, asked: Place, intent: Intent) -> Collection[Report]:
    """What the connectors at a place said, but for those of which something else was asked later."""
    if asked == CHARGE_POINT:
        places: Iterable[Place] = [place for place in charge_point.reports if place[1]]
    elif asked[1]:
        places = [asked] if asked in charge_point.reports else []
    else:
        places = charge_point.connectors_of.get(asked[0], ())
    return [charge_point.reports[place] for place in places if not _is_apart(charge_point, place, intent)]


def _is_apart(charge_point: ChargePoint, place: Place, whole: Intent) -> bool:
    own = [charge_point.intents.get(place), charge_point.intents.get((place[0], EVSE_LEVEL))]
    return any(one is not None and one.version > whole.version and one.result != "Rejected" for one in own)
