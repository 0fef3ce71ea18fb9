"""The rules from reports to statuses: connector → EVSE → charge point. Pure.

A driver's plug is AVAILABLE only if its own report says so, nothing above it says otherwise more
recently, no car stands at its EVSE, and the charger is connected. What is in use or broken by its
own word is never overruled: a bad connector 0 must not hide a running session.
"""

from collections.abc import Iterable
from typing import Literal

from shared.words.event import EVSE_LEVEL
from shared.words.status import Reason, Status, count, evse_status, rolled_up
from shared.words.turns import Turn

from .state import CHARGE_POINT, ChargePoint, Place, Report, Settled

Connector0Mode = Literal["recency", "strict", "ignore"]

_OVERRULED: tuple[Status, ...] = ("AVAILABLE", "RESERVED")
_OVERRULING: tuple[Status, ...] = ("UNAVAILABLE", "FAULTED")
_CONNECTOR_0: tuple[Status, ...] = ("AVAILABLE", "UNAVAILABLE", "FAULTED")  # all that OCPP 1.6 §4.9 allows there
_IN_USE: tuple[Status, ...] = ("OCCUPIED", "RESERVED")


def settle(charge_point: ChargePoint, at: int, mode: Connector0Mode, evse_ids: Iterable[int] | None = None) -> None:
    """Brings the statuses of EVSEs (these, or all) and their connectors up to date; a change is one at ``at`` (ms)."""
    unknown, before = why_unknown(charge_point), _added(charge_point)
    whole = charge_point.reports.get(CHARGE_POINT)
    cap = whole if whole is not None and mode != "ignore" and heard(charge_point, whole) in _OVERRULING else None
    changed = evse_ids is None
    for evse_id in charge_point.connectors_of if evse_ids is None else evse_ids:
        former = charge_point.evses.get(evse_id)
        if unknown is None:
            _settle_evse(charge_point, evse_id, cap, at, strict=mode == "strict")
        else:
            _change_evse(charge_point, evse_id, "UNKNOWN", unknown, at)
            for place in charge_point.connectors_of[evse_id]:
                _change(charge_point, place, "UNKNOWN", unknown, at)
        changed |= charge_point.evses[evse_id] != former
    if changed and (status := status_of(charge_point)) != charge_point.status:
        charge_point.status, charge_point.status_since = status, at
    if (after := _added(charge_point)) != before:
        charge_point.turns.append(Turn(charge_point.key, at, before, after))


def status_of(charge_point: ChargePoint) -> Status:
    """What its EVSEs come to; where none is known, what connector 0 says."""
    if len(charge_point.evses) == 1:
        (only,) = charge_point.evses.values()
        return only.status
    if charge_point.evses:
        return rolled_up(count(settled.status for settled in charge_point.evses.values()))
    whole = charge_point.reports.get(CHARGE_POINT)
    if whole is not None and why_unknown(charge_point) is None:
        word = heard(charge_point, whole)
        return word if word in _CONNECTOR_0 else "UNKNOWN"
    return "UNKNOWN"


def _added(charge_point: ChargePoint) -> Status | None:
    """What it adds to the status of its station (``documents.roll_up``)."""
    return charge_point.status if charge_point.evses or charge_point.status != "UNKNOWN" else None


def why_unknown(charge_point: ChargePoint) -> Literal["OFFLINE", "REGISTRATION"] | None:
    """Why nothing that it said counts: it is not here, or not let in."""
    if charge_point.connectivity != "ONLINE":
        return "OFFLINE"
    return None if charge_point.registration == "ACCEPTED" else "REGISTRATION"


def heard(charge_point: ChargePoint, report: Report) -> Status:
    """Its word in ours; of former hardware it is none, once the newer one had time to report."""
    if charge_point.unreported_since is not None and charge_point.is_former(report):
        return "UNKNOWN"
    return report.normalized


def overrules(report: Report) -> bool:
    """Whether what is said of a whole can hold for its parts."""
    return report.normalized in _OVERRULING


def _settle_evse(charge_point: ChargePoint, evse_id: int, cap: Report | None, at: int, *, strict: bool) -> None:
    """``cap`` is what connector 0 says, if that can overrule."""
    reports, places = charge_point.reports, charge_point.connectors_of[evse_id]
    evse = reports.get((evse_id, EVSE_LEVEL))
    if evse is None and cap is None and len(places) == 1 and charge_point.unreported_since is None:
        status = reports[places[0]].normalized  # of most chargers, and most of the work: what follows comes to the same
        _change_evse(charge_point, evse_id, status, "OWN", at)
        _change(charge_point, places[0], status, "OWN", at)
        return
    evse_cap = evse if evse is not None and places and heard(charge_point, evse) in _OVERRULING else None
    spoken = [reports[place] for place in places] if places or evse is None else [evse]
    capped: list[tuple[Status, Reason]]
    if charge_point.unreported_since is not None:
        capped = [
            ("UNKNOWN", "NOT_REPORTED") if charge_point.is_former(one) else _capped(one, cap, evse_cap, strict=strict)
            for one in spoken
        ]
    elif cap is None and evse_cap is None:
        capped = [(report.normalized, "OWN") for report in spoken]
    else:
        capped = [_capped(report, cap, evse_cap, strict=strict) for report in spoken]
    # The EVSE's own word, newer than its connectors': a car stands there.
    taken = bool(
        evse is not None
        and heard(charge_point, evse) in _IN_USE
        and all(evse.version > report.version for report in spoken if report is not evse)
    )
    status = evse.normalized if evse is not None and taken else evse_status(status for status, _ in capped)
    _change_evse(charge_point, evse_id, status, "OWN", at)
    in_use = any(status in _IN_USE for status, _ in capped)
    for place, (own, reason) in zip(places, capped, strict=False):
        if own == "AVAILABLE" and (taken or in_use):
            own, reason = "UNAVAILABLE", "EVSE" if taken else "SIBLING_IN_USE"
        _change(charge_point, place, own, reason, at)


def _capped(report: Report, cap: Report | None, evse_cap: Report | None, *, strict: bool) -> tuple[Status, Reason]:
    status: Status = report.normalized
    reason: Reason = "OWN"
    if status not in _OVERRULED:
        return status, reason
    if cap is not None and (strict or cap.version > report.version):
        status, reason = cap.normalized, "CONNECTOR_0"
    if evse_cap is not None and evse_cap.version > report.version and status != "FAULTED":
        status, reason = evse_cap.normalized, "EVSE"
    return status, reason


def _change(charge_point: ChargePoint, place: Place, status: Status, reason: Reason, at: int) -> None:
    """Of a connector; what changes is to be written."""
    old = charge_point.connectors.get(place)
    if (new := _changed(old, status, reason, at)) != old:
        charge_point.connectors[place] = new
        charge_point.touched.add(place)


def _change_evse(charge_point: ChargePoint, evse_id: int, status: Status, reason: Reason, at: int) -> None:
    old = charge_point.evses.get(evse_id)
    if (new := _changed(old, status, reason, at)) != old:
        charge_point.evses[evse_id] = new
        charge_point.touched.add(charge_point.first_of(evse_id))


def _changed(old: Settled | None, status: Status, reason: Reason, at: int) -> Settled:
    return Settled(status, reason, at if old is None or old.status != status else old.since)
