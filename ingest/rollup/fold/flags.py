"""Flags that tell a person where to look, and cure nothing: flapping, stuck. Pure.

Raised and lowered by a sweep; in between, a word that changes lowers its place's ``stuck`` at once.
"""

from collections.abc import Collection

from . import rules
from .state import ChargePoint, Place, Report

#: A car stands there, and does not charge. Of OCPP 1.6 alone: 2.x has one word, Occupied, for all of them.
WAITING = ("Preparing", "SuspendedEV", "SuspendedEVSE", "Finishing")


def flag(charge_point: ChargePoint, changing: Collection[Place], now: int, *, stuck_ms: int, asked: bool) -> bool:
    """Brings its flags up to date at ``now`` (ms); returns whether one is another.

    ``changing`` are the places whose word changes too often; ``asked``: it had time to answer what it was asked.
    """
    was = charge_point.silent
    charge_point.silent = (asked or was) and is_silent(charge_point)
    changed = charge_point.silent is not was
    for place, report in list(charge_point.reports.items()):
        flapping = place in changing
        stuck = is_stuck(charge_point, place, report, now, stuck_ms)
        if (report.flapping, report.stuck) != (flapping, stuck):
            charge_point.learn(place, report._replace(flapping=flapping, stuck=stuck))
            changed = True
    return changed


def is_stuck(charge_point: ChargePoint, place: Place, report: Report, now: int, stuck_ms: int) -> bool:
    """Whether a car stands at this connector for longer than that (ms) without charging."""
    settled = charge_point.connectors.get(place)
    since = report.word_since or report.since
    return (
        settled is not None and settled.status == "OCCUPIED" and report.reported in WAITING and now - since > stuck_ms
    )


def is_silent(charge_point: ChargePoint) -> bool:
    """Whether it is here, and nothing is known of its places, or of former hardware alone."""
    if rules.why_unknown(charge_point) is not None or charge_point.closed_at is not None:
        return False
    return all(charge_point.is_former(report) for report in charge_point.reports.values())
