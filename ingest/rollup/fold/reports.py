"""Reports of places into state and history. Pure.

A place that says another word, or another error, makes a line of history; another ``info`` alone
does so at most once a minute. Time is the charger's own where it can be believed.
"""

from ingest.rollup.fold import hardware, intents, rules
from shared.words.event import EVSE_LEVEL, MOST_PLACES, InventoryReported, StatusReported
from shared.words.status import NORMALIZED

from .folded import Folded, Policy
from .state import CHARGE_POINT, ChargePoint, HistoryKind, HistoryRow, Report

TOLERANCE_MS = 5 * 60 * 1000  #: how far a charger's clock may be off and still be believed
INFO_MS = 60 * 1000  #: between two lines of a place that tell of its ``info`` alone


def report(charge_point: ChargePoint, event: StatusReported, policy: Policy, out: Folded) -> None:
    """The newest word of its place; that of one place too many is counted and dropped (domain: 255)."""
    place = (event.evse_id, event.connector_id)
    is_full = place not in charge_point.reports and place != CHARGE_POINT and charge_point.places >= MOST_PLACES
    if is_full and not hardware.make_room(charge_point, event.received_at, policy):
        out.refused += 1
        return
    event_time, same_status = _learn(charge_point, event, out)
    if charge_point.hardware_since is not None:
        same_status = False  # it may have counted as not reported
        hardware.reported(charge_point)
    if charge_point.intents:
        intents.confirm(charge_point, place, event.received_at)
    _settle(charge_point, event.evse_id, event_time, policy, same_status=same_status)


def _learn(charge_point: ChargePoint, event: StatusReported, out: Folded) -> tuple[int, bool]:
    """The word and its line of history; returns its time and whether its status is the one before."""
    place = (event.evse_id, event.connector_id)
    old = charge_point.reports.get(place)
    event_time, flags = _event_time(charge_point, event, old)
    normalized = NORMALIZED.get(event.reported, "UNKNOWN")
    same_status = old is not None and old.normalized == normalized
    said = (event.reported, event.error_code, event.vendor_error_code, event.vendor_id)
    same_words = old is not None and old.words == said
    info_at = old.info_at if old is not None else None
    same_word = old is not None and old.reported == event.reported
    tells_of_info = (
        same_words
        and old is not None
        and old.info != event.info
        and (info_at is None or event.received_at - info_at >= INFO_MS)
    )
    charge_point.silent = False
    charge_point.learn(
        place,
        Report(
            reported=event.reported,
            error_code=event.error_code,
            vendor_error_code=event.vendor_error_code,
            vendor_id=event.vendor_id,
            info=event.info,
            since=old.since if old is not None and same_status else event_time,
            event_time=event_time,
            reported_at=event.reported_at,
            received_at=event.received_at,
            version=(event.epoch, event.sequence),
            info_at=event.received_at if tells_of_info else info_at,
            word_since=(old.word_since or old.since) if old is not None and same_word else event_time,
            flapping=old is not None and old.flapping,
            stuck=old is not None and same_word and old.stuck,
        ),
    )
    if tells_of_info or not same_words:
        out.history.append(_history(charge_point, event, event_time, flags))
    return event_time, same_status


def report_late(charge_point: ChargePoint, event: StatusReported, out: Folded) -> None:
    """A word that newer ones of its place overtook: history only."""
    event_time, flags = _event_time(charge_point, event, None)
    out.late.append(_history(charge_point, event, event_time, ("late", *flags)))


def complete(charge_point: ChargePoint, event: InventoryReported, policy: Policy, out: Folded) -> None:
    """A whole inventory report ended: a known connector that it left out takes its EVSE's word (2.x B07)."""
    first = (event.epoch, event.first_sequence)
    for evse_id in event.evse_ids:
        whole = charge_point.reports.get((evse_id, EVSE_LEVEL))
        if whole is None or whole.version < first:
            continue
        left_out = [
            place for place in charge_point.connectors_of[evse_id] if charge_point.reports[place].version < first
        ]
        if not left_out:
            continue
        told = [_learn(charge_point, _as_if_reported(event, place[1], evse_id, whole), out) for place in left_out]
        hardware.reported(charge_point)
        for place in charge_point.intents.keys() & {*left_out, (evse_id, EVSE_LEVEL), CHARGE_POINT}:
            intents.confirm(charge_point, place, event.received_at)
        rules.settle(charge_point, max(at for at, _ in told), policy.connector0_mode, (evse_id,))


def _as_if_reported(event: InventoryReported, connector_id: int, evse_id: int, whole: Report) -> StatusReported:
    return StatusReported(
        charge_point_id=event.charge_point_id,
        charge_point_key=event.charge_point_key,
        epoch=event.epoch,
        sequence=event.sequence,
        received_at=event.received_at,
        gateway_id=event.gateway_id,
        protocol=event.protocol,
        evse_id=evse_id,
        connector_id=connector_id,
        reported=whole.reported,
        reported_at=whole.reported_at,
    )


def _settle(charge_point: ChargePoint, evse_id: int, at: int, policy: Policy, *, same_status: bool) -> None:
    """Its own EVSE; all of them for connector 0. A repeated word can lift what stands above it, else change nothing."""
    reports = charge_point.reports
    if not evse_id:
        if not same_status or rules.overrules(reports[CHARGE_POINT]):
            rules.settle(charge_point, at, policy.connector0_mode)
    elif not same_status or CHARGE_POINT in reports or (evse_id, EVSE_LEVEL) in reports:
        rules.settle(charge_point, at, policy.connector0_mode, (evse_id,))


def _event_time(charge_point: ChargePoint, event: StatusReported, old: Report | None) -> tuple[int, tuple[str, ...]]:
    """The charger's time where it is plausible, else the time of receipt; never later than that.

    Plausible: not more than 5 minutes ahead, not before what this place said last (where that was
    believed), and not more than 5 minutes before the charger was last heard in its previous session.
    """
    reported, received = event.reported_at, event.received_at
    if reported is None:
        return received, ("clock_suspect",) if event.reported_at_text else ()
    if received < reported <= received + TOLERANCE_MS:
        return received, ()
    earliest = (charge_point.previous_seen_at or received) - TOLERANCE_MS
    if old is not None and old.event_time == old.reported_at:
        earliest = max(earliest, old.event_time)
    if earliest <= reported <= received:
        return reported, ()
    return received, () if received - TOLERANCE_MS <= reported <= received else ("clock_suspect",)


def _history(charge_point: ChargePoint, event: StatusReported, event_time: int, flags: tuple[str, ...]) -> HistoryRow:
    place = (event.evse_id, event.connector_id)
    kind: HistoryKind = "CONNECTOR_0" if place == CHARGE_POINT else "STATUS" if event.connector_id else "EVSE"
    return HistoryRow(
        charge_point_key=charge_point.key,
        kind=kind,
        place=place,
        reported=event.reported,
        normalized=NORMALIZED.get(event.reported),
        error_code=event.error_code,
        vendor_error_code=event.vendor_error_code,
        vendor_id=event.vendor_id,
        info=event.info,
        event_time=event_time,
        reported_at=event.reported_at,
        reported_at_text=event.reported_at_text,
        received_at=event.received_at,
        version=(event.epoch, event.sequence),
        flags=flags,
    )
