"""The fold: one event after the other into the state of its charge point. Pure.

Sessions are ordered by epoch, events inside one by sequence. An event that was folded already is a
duplicate and changes nothing. One that comes after newer ones (of an older session, or set aside as
poison and sent again) changes a connector only if nothing newer is known of that connector;
otherwise it is late: history, and no state. Whether OFFLINE was found by the sweep or follows from a
later reconnect, state and history come out the same.
"""

from typing import assert_never

from ingest.rollup.fold import hardware, intents, reports, rules
from shared.words.event import (
    Booted,
    CommandAnswered,
    Event,
    InventoryReported,
    SessionBegan,
    SessionEnded,
    StatusReported,
)
from shared.words.gateways import Fence
from shared.words.status import Connectivity

from .folded import Folded, Policy
from .state import ChargePoint, HistoryRow

__all__ = ["Folded", "Policy", "fold", "go_offline"]

BACKLOG_MS = 60 * 60 * 1000  #: so long after an outage its statuses may come, over however many sessions


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
            rules.settle(charge_point, event.received_at, policy.connector0_mode)
        case SessionEnded():
            _end(charge_point, event, policy, out)
        case StatusReported():
            reports.report(charge_point, event, policy, out)
        case InventoryReported():
            reports.complete(charge_point, event, policy, out)
        case Booted():
            hardware.booted(charge_point, event)
            rules.settle(charge_point, event.received_at, policy.connector0_mode)  # its registration may be another
        case CommandAnswered():
            intents.answered(charge_point, event)
        case _:
            assert_never(event)


def go_offline(charge_point: ChargePoint, since: int, now: int, policy: Policy, out: Folded) -> None:
    """The charge point is away since ``since`` (ms), found out at ``now`` (ms), and never later (clocks differ)."""
    since = min(since, now)
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
                if (since := _vanished(charge_point, event, policy)) is not None:
                    go_offline(charge_point, since, event.received_at, policy, out)
        elif event.received_at - closed_at > policy.close_grace_ms:
            go_offline(charge_point, seen_at or closed_at, event.received_at, policy, out)
    charge_point.epoch, charge_point.sequence, charge_point.expired = event.epoch, -1, None
    if charge_point.protocol not in (None, event.protocol):
        hardware.renew(charge_point, event)
        rules.settle(charge_point, event.received_at, policy.connector0_mode)
    charge_point.gateway_id, charge_point.protocol = event.gateway_id, event.protocol
    if not _is_telling_its_backlog(charge_point, event):
        charge_point.previous_seen_at = seen_at or event.received_at


def _is_telling_its_backlog(charge_point: ChargePoint, event: Event) -> bool:
    """Whether this session goes on with what was begun after the last outage: no outage lies between."""
    since = charge_point.connectivity_since
    return (
        charge_point.connectivity == "ONLINE"
        and since is not None
        and event.received_at - since <= BACKLOG_MS
        and charge_point.previous_seen_at is not None
    )


def _vanished(charge_point: ChargePoint, event: Event, policy: Policy) -> int | None:
    """Since when (ms) the charger was away with a gateway that died, if that was for longer than the grace.

    The sweep may not have run in between (a power cut of everything). A lease that ran out proves nothing
    while Postgres takes no renewals; the newer gateway's, renewed in time, says that it took them.
    """
    expired = charge_point.expired
    if expired is None or not (isinstance(event, SessionBegan) and event.leased):
        return None
    # By both clocks: a gateway whose clock is ahead makes no outage.
    if min(event.received_at - expired.at, expired.ago) <= policy.close_grace_ms:
        return None
    return max(charge_point.last_seen_at or 0, expired.renewed_at)


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
            vendor_id=None,
            info=None,
            event_time=since,
            reported_at=None,
            reported_at_text=None,
            received_at=now,
            version=charge_point.version,
        )
    )


def _fold_old(charge_point: ChargePoint, event: Event, policy: Policy, out: Folded) -> None:
    """An event of a session that is not the newest or that claimed its epoch, or one that newer ones of it overtook.

    Where two gateways claimed one epoch (Redis hung), the same version of the other one is another word.
    """
    rival = event.epoch == charge_point.epoch and event.gateway_id != charge_point.gateway_id
    match event:
        case SessionBegan() if (event.epoch, event.gateway_id) == (charge_point.epoch, charge_point.gateway_id):
            out.duplicates += 1
        case SessionBegan():
            fence = Fence(charge_point.key, below=charge_point.epoch + rival, newest=charge_point.epoch)
            out.fences.append((event.gateway_id, fence))
        case StatusReported():
            known = charge_point.reports.get((event.evse_id, event.connector_id))
            is_former = event.epoch < charge_point.hardware_epoch  # of a device that is no longer there
            if not is_former and (known is None or known.version < (event.epoch, event.sequence)):
                reports.report(charge_point, event, policy, out)
            elif known is not None and known.version == (event.epoch, event.sequence) and not rival:
                out.duplicates += 1
            else:
                reports.report_late(charge_point, event, out)
        case SessionEnded() | Booted() | InventoryReported() | CommandAnswered():
            out.duplicates += 1
        case _:
            assert_never(event)
