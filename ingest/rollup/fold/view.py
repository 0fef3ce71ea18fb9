"""What is served of a settled charge point: its document, and the counts that its station adds up. Pure."""

from typing import NamedTuple

from shared.words import instant, intents
from shared.words.documents import ChargePointDocument, Connector0Document, ConnectorDocument, EvseDocument
from shared.words.status import Counts, count, health_of, partially_available

from .rules import status_of
from .state import CHARGE_POINT, ChargePoint, Place


class View(NamedTuple):
    """What is stored and served of a charge point's state."""

    document: ChargePointDocument
    evse_counts: Counts
    connector_counts: Counts


def viewed(charge_point: ChargePoint, revision: int) -> View:
    """The document of a settled charge point and the counts its station adds up."""
    evse_counts = count(settled.status for settled in charge_point.evses.values())
    whole = charge_point.reports.get(CHARGE_POINT)
    document = ChargePointDocument(
        id=charge_point.id,
        station_id=charge_point.station_id,
        protocol=charge_point.protocol,
        vendor=charge_point.vendor,
        model=charge_point.model,
        firmware=charge_point.firmware,
        hardware=charge_point.hardware,
        revision=revision,
        connectivity=charge_point.connectivity,
        connectivity_since=_text(charge_point.connectivity_since),
        last_seen_at=_text(charge_point.last_seen_at),
        registration=charge_point.registration,
        has_password=charge_point.has_password,
        **intents.fields({place: one for place, one in charge_point.intents.items() if charge_point.has(place)}),
        identity_conflict=charge_point.identity_conflict,
        status=status_of(charge_point),
        since=_text(charge_point.status_since),
        health=health_of(evse_counts),
        partially_available=partially_available(evse_counts),
        counts=evse_counts,
        connector0=whole and Connector0Document(whole.reported, whole.error_code, instant.to_text(whole.since)),
        evses=tuple(_evse(charge_point, evse_id) for evse_id in sorted(charge_point.evses)),
        flapping=any(report.flapping for report in charge_point.reports.values()),
        stuck=charge_point.silent or any(report.stuck for report in charge_point.reports.values()),
    )
    return View(document, evse_counts, count(settled.status for settled in charge_point.connectors.values()))


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
        vendor_id=report.vendor_id,
        info=report.info,
        since=instant.to_text(settled.since),
        reported_at=_text(report.reported_at),
        received_at=instant.to_text(report.received_at),
        flapping=report.flapping,
        stuck=report.stuck,
    )


def _text(at: int | None) -> str | None:
    return None if at is None else instant.to_text(at)
