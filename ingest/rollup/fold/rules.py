"""The rules from reports to statuses: connector → EVSE → charge point. Pure.

A driver's plug is AVAILABLE only if its own report says so, nothing above it says otherwise more
recently, no car stands at its EVSE, and the charger is connected. What is in use or broken by its
own word is never overruled: a bad connector 0 must not hide a running session.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeVar

from shared.words import instant
from shared.words.documents import ChargePointDocument, Connector0Document, ConnectorDocument, EvseDocument, Intent
from shared.words.event import EVSE_LEVEL
from shared.words.status import Counts, Reason, Status, count, evse_status, health_of, partially_available, rolled_up

from .state import CHARGE_POINT, ChargePoint, Place, Report, Settled

Connector0Mode = Literal["recency", "strict", "ignore"]
_Key = TypeVar("_Key", int, Place)

_OVERRULED: tuple[Status, ...] = ("AVAILABLE", "RESERVED")
_OVERRULING: tuple[Status, ...] = ("UNAVAILABLE", "FAULTED")
_CONNECTOR_0: tuple[Status, ...] = ("AVAILABLE", "UNAVAILABLE", "FAULTED")  # all that OCPP 1.6 §4.9 allows there
_IN_USE: tuple[Status, ...] = ("OCCUPIED", "RESERVED")


class View(NamedTuple):
    """What is stored and served of a charge point's state."""

    document: ChargePointDocument
    evse_counts: Counts
    connector_counts: Counts


def settle(charge_point: ChargePoint, at: int, mode: Connector0Mode, evse_ids: Iterable[int] | None = None) -> None:
    """Brings the statuses of EVSEs (these, or all) and their connectors up to date; a change is one at ``at`` (ms)."""
    unknown = why_unknown(charge_point)
    whole = charge_point.reports.get(CHARGE_POINT)
    cap = whole if whole is not None and mode != "ignore" and overrules(whole) else None
    for evse_id in charge_point.connectors_of if evse_ids is None else evse_ids:
        if unknown is None:
            _settle_evse(charge_point, evse_id, cap, at, strict=mode == "strict")
            continue
        _change(charge_point.evses, evse_id, "UNKNOWN", unknown, at)
        for place in charge_point.connectors_of[evse_id]:
            _change(charge_point.connectors, place, "UNKNOWN", unknown, at)


def why_unknown(charge_point: ChargePoint) -> Literal["OFFLINE", "REGISTRATION"] | None:
    """Why nothing that it said counts: it is not here, or not let in."""
    if charge_point.connectivity != "ONLINE":
        return "OFFLINE"
    return None if charge_point.registration == "ACCEPTED" else "REGISTRATION"


def overrules(report: Report) -> bool:
    """Whether what is said of a whole can hold for its parts."""
    return report.normalized in _OVERRULING


def _settle_evse(charge_point: ChargePoint, evse_id: int, cap: Report | None, at: int, *, strict: bool) -> None:
    """``cap`` is what connector 0 says, if that can overrule."""
    reports, places = charge_point.reports, charge_point.connectors_of[evse_id]
    evse = reports.get((evse_id, EVSE_LEVEL))
    evse_cap = evse if evse is not None and places and overrules(evse) else None
    spoken = [reports[place] for place in places] if places or evse is None else [evse]
    if cap is None and evse_cap is None:
        capped: list[tuple[Status, Reason]] = [(report.normalized, "OWN") for report in spoken]
    else:
        capped = [_capped(report, cap, evse_cap, strict=strict) for report in spoken]
    # The EVSE's own word, newer than its connectors': a car stands there.
    taken = bool(
        evse is not None
        and evse.normalized in _IN_USE
        and all(evse.version > report.version for report in spoken if report is not evse)
    )
    status = evse.normalized if evse is not None and taken else evse_status(status for status, _ in capped)
    _change(charge_point.evses, evse_id, status, "OWN", at)
    in_use = any(status in _IN_USE for status, _ in capped)
    for place, (own, reason) in zip(places, capped, strict=False):
        if own == "AVAILABLE" and (taken or in_use):
            own, reason = "UNAVAILABLE", "EVSE" if taken else "SIBLING_IN_USE"
        _change(charge_point.connectors, place, own, reason, at)


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


def _change(statuses: dict[_Key, Settled], key: _Key, status: Status, reason: Reason, at: int) -> None:
    old = statuses.get(key)
    if old is None or old.status != status:
        statuses[key] = Settled(status, reason, at)
    elif old.reason != reason:
        statuses[key] = old._replace(reason=reason)


def view(charge_point: ChargePoint, revision: int) -> View:
    """The document of a settled charge point and the counts its station adds up."""
    evse_counts = count(settled.status for settled in charge_point.evses.values())
    whole = charge_point.reports.get(CHARGE_POINT)
    if evse_counts:
        status = rolled_up(evse_counts)
    elif whole is not None and why_unknown(charge_point) is None and whole.normalized in _CONNECTOR_0:
        status = whole.normalized
    else:
        status = "UNKNOWN"
    document = ChargePointDocument(
        id=charge_point.id,
        station_id=charge_point.station_id,
        protocol=charge_point.protocol,
        vendor=charge_point.vendor,
        model=charge_point.model,
        firmware=charge_point.firmware,
        revision=revision,
        connectivity=charge_point.connectivity,
        last_seen_at=_text(charge_point.last_seen_at),
        registration=charge_point.registration,
        operative=charge_point.operative,
        intent=_intent(charge_point),
        identity_conflict=charge_point.identity_conflict,
        status=status,
        health=health_of(evse_counts),
        partially_available=partially_available(evse_counts),
        counts=evse_counts,
        connector0=whole and Connector0Document(whole.reported, whole.error_code, instant.to_text(whole.since)),
        evses=tuple(_evse(charge_point, evse_id) for evse_id in sorted(charge_point.evses)),
    )
    return View(document, evse_counts, count(settled.status for settled in charge_point.connectors.values()))


def _intent(charge_point: ChargePoint) -> Intent | None:
    waiting = [wish for wish in charge_point.wishes.values() if not wish.is_over]
    if not waiting:
        return None
    newest = max(waiting, key=lambda wish: wish.version)
    return Intent(newest.operative, newest.note, instant.to_text(newest.asked_at))


def confirm(charge_point: ChargePoint, place: Place, at: int) -> None:
    """Ends the wishes for ``place`` and around it that got a yes and that the charger's own statuses agree with."""
    for asked in {CHARGE_POINT, (place[0], EVSE_LEVEL), place}:
        wish = charge_point.wishes.get(asked)
        if wish is None or wish.result not in ("Accepted", "Scheduled") or wish.is_over:
            continue
        whole = charge_point.reports.get(asked)
        connectors = [report.normalized == "UNAVAILABLE" for report in _connectors(charge_point, asked)]
        unavailable = all(connectors) or (whole is not None and whole.normalized == "UNAVAILABLE")
        if (not any(connectors)) if wish.operative else unavailable:
            charge_point.wishes[asked] = wish._replace(confirmed_at=at)
            charge_point.touched_wishes.add(asked)


def _connectors(charge_point: ChargePoint, asked: Place) -> Iterable[Report]:
    """What the connectors at a place said; all for the charge point, an EVSE's for an EVSE."""
    if asked == CHARGE_POINT:
        return [report for place, report in charge_point.reports.items() if place[1]]
    if asked[1]:
        return [charge_point.reports[asked]] if asked in charge_point.reports else []
    return [charge_point.reports[place] for place in charge_point.connectors_of.get(asked[0], ())]


def _evse(charge_point: ChargePoint, evse_id: int) -> EvseDocument:
    settled = charge_point.evses[evse_id]
    whole = charge_point.reports.get((evse_id, 0))
    return EvseDocument(
        id=evse_id,
        status=settled.status,
        reported=whole.reported if whole else None,
        since=instant.to_text(settled.since),
        connectors=tuple(_connector(charge_point, place) for place in sorted(charge_point.connectors_of[evse_id])),
    )


def _connector(charge_point: ChargePoint, place: Place) -> ConnectorDocument:
    report, settled = charge_point.reports[place], charge_point.connectors[place]
    return ConnectorDocument(
        id=place[1],
        reported=report.reported,
        normalized=report.normalized,
        status=settled.status,
        reason=settled.reason,
        error_code=report.error_code,
        vendor_error_code=report.vendor_error_code,
        info=report.info,
        since=instant.to_text(settled.since),
        reported_at=_text(report.reported_at),
        received_at=instant.to_text(report.received_at),
    )


def _text(at: int | None) -> str | None:
    return None if at is None else instant.to_text(at)
