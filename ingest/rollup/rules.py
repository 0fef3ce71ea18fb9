"""The rules from reports to statuses: connector → EVSE → charge point. Pure.

A driver's plug is AVAILABLE only if its own report says so, nothing above it says otherwise more
recently, no car stands at its EVSE, and the charger is connected. What is in use or broken by its
own word is never overruled: a bad connector 0 must not hide a running session.
"""

from typing import Literal, NamedTuple, TypeVar

from ingest.rollup.state import CHARGE_POINT, ChargePoint, Place, Report, Settled
from shared import instant
from shared.documents import ChargePointDocument, Connector0Document, ConnectorDocument, EvseDocument, Intent
from shared.status import Counts, Status, count, evse_status, health_of, partially_available, rolled_up

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


def settle(charge_point: ChargePoint, at: int, mode: Connector0Mode) -> None:
    """Brings the statuses of connectors and EVSEs up to date; those that change do so at ``at`` (ms)."""
    online = charge_point.connectivity == "ONLINE"
    capped = {
        place: _capped(charge_point, place, report, mode) for place, report in charge_point.reports.items() if place[1]
    }
    for evse_id in {place[0] for place in charge_point.reports if place[0]}:
        here = {place: status for place, (status, _) in capped.items() if place[0] == evse_id}
        if not online:
            status: Status = "UNKNOWN"
        elif here:
            status = evse_status(here.values())
        else:
            status, _ = _capped(charge_point, (evse_id, 0), charge_point.reports[evse_id, 0], mode)
        _change(charge_point.evses, evse_id, Settled(status, "OWN" if online else "OFFLINE", at))
        for place, own in here.items():
            if not online:
                settled = Settled("UNKNOWN", "OFFLINE", at)
            elif own == "AVAILABLE" and any(other in _IN_USE for key, other in here.items() if key != place):
                settled = Settled("UNAVAILABLE", "SIBLING_IN_USE", at)
            else:
                settled = Settled(*capped[place], at)
            _change(charge_point.connectors, place, settled)


def _capped(
    charge_point: ChargePoint, place: Place, report: Report, mode: Connector0Mode
) -> tuple[Status, Literal["OWN", "CONNECTOR_0", "EVSE"]]:
    status = report.normalized
    if status not in _OVERRULED:
        return status, "OWN"
    reason: Literal["OWN", "CONNECTOR_0", "EVSE"] = "OWN"
    whole = charge_point.reports.get(CHARGE_POINT)
    if (
        whole is not None
        and mode != "ignore"
        and whole.normalized in _OVERRULING
        and (mode == "strict" or whole.version > report.version)
    ):
        status, reason = whole.normalized, "CONNECTOR_0"
    evse = charge_point.reports.get((place[0], 0))
    if evse is not None and evse.normalized in _OVERRULING and evse.version > report.version and status != "FAULTED":
        status, reason = evse.normalized, "EVSE"
    return status, reason


def _change(statuses: dict[_Key, Settled], key: _Key, new: Settled) -> None:
    old = statuses.get(key)
    if old is None or old.status != new.status:
        statuses[key] = new
    elif old.reason != new.reason:
        statuses[key] = new._replace(since=old.since)


def view(charge_point: ChargePoint, revision: int) -> View:
    """The document of a settled charge point and the counts its station adds up."""
    evse_counts = count(settled.status for settled in charge_point.evses.values())
    whole = charge_point.reports.get(CHARGE_POINT)
    if evse_counts:
        status = rolled_up(evse_counts)
    elif whole is not None and charge_point.connectivity == "ONLINE" and whole.normalized in _CONNECTOR_0:
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


def confirm(charge_point: ChargePoint, at: int) -> None:
    """Ends the wishes that were answered with yes and that the charger's own statuses agree with."""
    for place, wish in charge_point.wishes.items():
        if wish.result not in ("Accepted", "Scheduled") or wish.is_over:
            continue
        whole = charge_point.reports.get(place)
        connectors = [
            report.normalized == "UNAVAILABLE"
            for key, report in charge_point.reports.items()
            if key[1] and (place == CHARGE_POINT or key == place or (key[0] == place[0] and not place[1]))
        ]
        unavailable = all(connectors) or (whole is not None and whole.normalized == "UNAVAILABLE")
        if (not any(connectors)) if wish.operative else unavailable:
            charge_point.wishes[place] = wish._replace(confirmed_at=at)
            charge_point.touched_wishes.add(place)


def _evse(charge_point: ChargePoint, evse_id: int) -> EvseDocument:
    settled = charge_point.evses[evse_id]
    whole = charge_point.reports.get((evse_id, 0))
    places = sorted(place for place in charge_point.connectors if place[0] == evse_id)
    return EvseDocument(
        id=evse_id,
        status=settled.status,
        reported=whole.reported if whole else None,
        since=instant.to_text(settled.since),
        connectors=tuple(_connector(charge_point, place) for place in places),
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
