"""The fold: one event after the other into the state of its charge point. Pure.

Sessions are ordered by epoch, events inside one by sequence. An event that was folded already is a
duplicate and changes nothing. One that comes after newer ones (of an older session, or set aside as
poison and sent again) changes a connector only if nothing newer is known of that connector;
otherwise it is late: history, and no state. Whether OFFLINE was found by the sweep or follows from a
later reconnect, state and history come out the same.
"""

from dataclasses import dataclass, field
from typing import assert_never

from ingest.rollup import rules
from ingest.rollup.rules import Connector0Mode
from ingest.rollup.state import CHARGE_POINT, ChargePoint, HistoryKind, HistoryRow, Report
from shared.event import Booted, CommandAnswered, Event, SessionBegan, SessionEnded, StatusReported
from shared.gateways import Fence
from shared.status import NORMALIZED, Connectivity

TOLERANCE_MS = 5 * 60 * 1000  #: how far a charger's clock may be off and still be believed


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a closed socket may stay away (ms), and when connector 0 overrules the connectors."""

    close_grace_ms: int = 60_000
    connector0_mode: Connector0Mode = "recency"


@dataclass(slots=True)
class Folded:
    """What came of folding, besides the changed charge points."""

    history: list[HistoryRow] = field(default_factory=list)
    late: list[HistoryRow] = field(default_factory=list)  #: history unless it repeats what was known then
    fences: list[tuple[str, Fence]] = field(default_factory=list)  #: (gateway, what to tell it)
    duplicates: int = 0


def fold(charge_point: ChargePoint, event: Event, policy: Policy, out: Folded) -> None:
    """Folds one event into the charge point; what else follows from it is added to ``out``."""
    if event.epoch < charge_point.epoch or (
        event.epoch == charge_point.epoch
        and (event.gateway_id != charge_point.gateway_id or event.sequence <= charge_point.sequence)
    ):
        _fold_old(charge_point, event, policy, out)
        return
    if event.epoch > charge_point.epoch:
        _begin(charge_point, event, policy, out)
    charge_point.sequence = event.sequence
    if not isinstance(event, SessionEnded):
        _heard(charge_point, event, policy, out)
    match event:
        case SessionBegan():
            charge_point.identity_conflict = event.identity_conflict
        case SessionEnded():
            _end(charge_point, event, policy, out)
        case StatusReported():
            _report(charge_point, event, policy, out)
        case Booted():
            charge_point.vendor, charge_point.model = event.vendor, event.model
            charge_point.serial, charge_point.firmware = event.serial, event.firmware
        case CommandAnswered():
            _answered(charge_point, event)
        case _:
            assert_never(event)


def go_offline(charge_point: ChargePoint, since: int, now: int, policy: Policy, out: Folded) -> None:
    """The charge point is away since ``since`` (ms), found out at ``now`` (ms)."""
    charge_point.closed_at = None
    charge_point.last_seen_at = max(charge_point.last_seen_at or 0, since)
    _connectivity(charge_point, "OFFLINE", since, now, policy, out)


def _begin(charge_point: ChargePoint, event: Event, policy: Policy, out: Folded) -> None:
    """A newer session: any event of it says so, should its SessionBegan be lost."""
    closed_at, seen_at = charge_point.closed_at, charge_point.last_seen_at
    if charge_point.connectivity == "ONLINE":
        if closed_at is None:
            if charge_point.gateway_id not in (None, event.gateway_id):
                fence = Fence(charge_point.key, below=event.epoch, newest=event.epoch)
                out.fences.append((charge_point.gateway_id or "", fence))
        elif event.received_at - closed_at > policy.close_grace_ms:
            go_offline(charge_point, seen_at or closed_at, event.received_at, policy, out)
    charge_point.epoch, charge_point.sequence = event.epoch, -1
    charge_point.gateway_id, charge_point.protocol = event.gateway_id, event.protocol
    charge_point.previous_seen_at = seen_at or event.received_at


def _heard(charge_point: ChargePoint, event: Event, policy: Policy, out: Folded) -> None:
    charge_point.closed_at = None
    charge_point.last_seen_at = max(charge_point.last_seen_at or 0, event.received_at)
    if charge_point.connectivity != "ONLINE":
        _connectivity(charge_point, "ONLINE", event.received_at, event.received_at, policy, out)


def _end(charge_point: ChargePoint, event: SessionEnded, policy: Policy, out: Folded) -> None:
    charge_point.last_seen_at = max(charge_point.last_seen_at or 0, event.last_seen_at)
    if charge_point.connectivity != "ONLINE":
        return
    if event.reason == "silent":
        go_offline(charge_point, charge_point.last_seen_at, event.received_at, policy, out)
    else:
        charge_point.closed_at = event.received_at


def _connectivity(
    charge_point: ChargePoint, connectivity: Connectivity, since: int, now: int, policy: Policy, out: Folded
) -> None:
    charge_point.connectivity, charge_point.connectivity_since = connectivity, since
    rules.settle(charge_point, since, policy.connector0_mode)
    out.history.append(
        HistoryRow(
            charge_point_key=charge_point.key,
            kind="CONNECTIVITY",
            place=None,
            reported=connectivity,
            normalized=None,
            error_code=None,
            vendor_error_code=None,
            info=None,
            event_time=since,
            reported_at=None,
            reported_at_text=None,
            received_at=now,
            version=charge_point.version,
        )
    )


def _answered(charge_point: ChargePoint, event: CommandAnswered) -> None:
    place = (event.evse_id, event.connector_id)
    wish = charge_point.wishes.get(place)
    if wish is not None and wish.version == event.intent:
        charge_point.wishes[place] = wish._replace(result=event.result, answered_at=event.received_at)
        charge_point.touched_wishes.add(place)
        rules.confirm(charge_point, event.received_at)


def _report(charge_point: ChargePoint, event: StatusReported, policy: Policy, out: Folded) -> None:
    place = (event.evse_id, event.connector_id)
    old = charge_point.reports.get(place)
    event_time, flags = _event_time(charge_point, event, old)
    same_status = old is not None and old.normalized == NORMALIZED.get(event.reported, "UNKNOWN")
    new = Report(
        reported=event.reported,
        error_code=event.error_code,
        vendor_error_code=event.vendor_error_code,
        info=event.info,
        since=old.since if old is not None and same_status else event_time,
        event_time=event_time,
        reported_at=event.reported_at,
        received_at=event.received_at,
        version=(event.epoch, event.sequence),
    )
    charge_point.reports[place] = new
    charge_point.touched.add(place)
    if old is None or (old.reported, old.error_code, old.vendor_error_code) != (
        new.reported,
        new.error_code,
        new.vendor_error_code,
    ):
        out.history.append(_history(charge_point, event, event_time, flags))
    if charge_point.wishes:
        rules.confirm(charge_point, event.received_at)
    # A repeated report can lift what connector 0 or the EVSE said in between; without them it changes nothing.
    if not same_status or CHARGE_POINT in charge_point.reports or (event.evse_id, 0) in charge_point.reports:
        rules.settle(charge_point, event_time, policy.connector0_mode)


def _fold_old(charge_point: ChargePoint, event: Event, policy: Policy, out: Folded) -> None:
    """An event of a session that is not the newest or that claimed its epoch, or one that newer ones of it overtook."""
    match event:
        case SessionBegan() if (event.epoch, event.gateway_id) == (charge_point.epoch, charge_point.gateway_id):
            out.duplicates += 1
        case SessionBegan():
            same = event.epoch == charge_point.epoch
            fence = Fence(charge_point.key, below=charge_point.epoch + same, newest=charge_point.epoch)
            out.fences.append((event.gateway_id, fence))
        case StatusReported():
            known = charge_point.reports.get((event.evse_id, event.connector_id))
            if known is None or known.version < (event.epoch, event.sequence):
                _report(charge_point, event, policy, out)
            elif known.version == (event.epoch, event.sequence):
                out.duplicates += 1
            else:
                event_time, flags = _event_time(charge_point, event, None)
                out.late.append(_history(charge_point, event, event_time, ("late", *flags)))
        case SessionEnded() | Booted() | CommandAnswered():
            out.duplicates += 1
        case _:
            assert_never(event)


def _event_time(charge_point: ChargePoint, event: StatusReported, old: Report | None) -> tuple[int, tuple[str, ...]]:
    """The charger's time where it is plausible, else the time of receipt; never before the last one.

    Plausible: not more than 5 minutes ahead, not before this place's last event, and not more than
    5 minutes before the charger was last heard in its previous session.
    """
    reported, received = event.reported_at, event.received_at
    last = old.event_time if old is not None else 0
    earliest = max(last, (charge_point.previous_seen_at or received) - TOLERANCE_MS)
    if reported is not None and earliest <= reported <= received + TOLERANCE_MS:
        return reported, ()
    silent = reported is None and not event.reported_at_text
    close = reported is not None and abs(reported - received) <= TOLERANCE_MS
    return max(received, last), () if silent or close else ("clock_suspect",)


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
        info=event.info,
        event_time=event_time,
        reported_at=event.reported_at,
        reported_at_text=event.reported_at_text,
        received_at=event.received_at,
        version=(event.epoch, event.sequence),
        flags=flags,
    )
