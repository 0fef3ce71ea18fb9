"""What operators asked of places, and what the charger's answers and statuses make of that. Pure."""

from collections.abc import Iterable

from shared.words.event import EVSE_LEVEL, CommandAnswered

from .state import CHARGE_POINT, ChargePoint, Place, Report


def answered(charge_point: ChargePoint, event: CommandAnswered) -> None:
    """The charger's word on an intent, unless a newer one took its place."""
    place = (event.evse_id, event.connector_id)
    intent = charge_point.intents.get(place)
    if intent is not None and intent.version == event.intent:
        charge_point.intents[place] = intent._replace(result=event.result, answered_at=event.received_at)
        charge_point.touched_intents.add(place)
        confirm(charge_point, place, event.received_at)


def confirm(charge_point: ChargePoint, place: Place, at: int) -> None:
    """Ends the intents for ``place`` and around it that got a yes and that the charger's own statuses agree with."""
    for asked in {CHARGE_POINT, (place[0], EVSE_LEVEL), place}:
        intent = charge_point.intents.get(asked)
        if intent is None or intent.result not in ("Accepted", "Scheduled") or intent.is_over:
            continue
        whole = charge_point.reports.get(asked)
        connectors = [report.normalized == "UNAVAILABLE" for report in _connectors(charge_point, asked)]
        unavailable = all(connectors) or (whole is not None and whole.normalized == "UNAVAILABLE")
        if (not any(connectors)) if intent.operative else unavailable:
            charge_point.intents[asked] = intent._replace(confirmed_at=at)
            charge_point.touched_intents.add(asked)


def _connectors(charge_point: ChargePoint, asked: Place) -> Iterable[Report]:
    """What the connectors at a place said; all for the charge point, an EVSE's for an EVSE."""
    if asked == CHARGE_POINT:
        return [report for place, report in charge_point.reports.items() if place[1]]
    if asked[1]:
        return [charge_point.reports[asked]] if asked in charge_point.reports else []
    return [charge_point.reports[place] for place in charge_point.connectors_of.get(asked[0], ())]
