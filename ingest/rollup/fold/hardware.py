"""Other hardware, or other numbers of its places, under the same id. Pure.

What only the former one said stands until the newer one had time to report: then it counts as not reported, and a
day later it goes.
"""

from shared.words.event import Booted, Event

from . import intents, rules
from .folded import Policy
from .state import ChargePoint, Place


def booted(charge_point: ChargePoint, event: Booted) -> None:
    """What it says it is; another serial number, vendor or model than before is other hardware.

    One that does not say is known by what was said last. Case makes no difference (1.6 CiString).
    """
    was = (charge_point.vendor, charge_point.model, charge_point.serial)
    now = (event.vendor, event.model, event.serial)
    if any(old and new and old.lower() != new.lower() for old, new in zip(was, now, strict=True)):
        charge_point.hardware += 1
        renew(charge_point, event)
        was = ("", "", None)
    charge_point.vendor, charge_point.model, charge_point.serial = (
        new or old for old, new in zip(was, now, strict=True)
    )
    charge_point.firmware = event.firmware


def renew(charge_point: ChargePoint, event: Event) -> None:
    """What was said before this session was said by another, or with other numbers.

    What counted as not reported goes: not even the one in between had it.
    """
    if charge_point.unreported_since is not None:
        for place in former(charge_point):
            charge_point.forget(place)
    charge_point.hardware_epoch = event.epoch
    charge_point.hardware_since, charge_point.unreported_since = event.received_at, None
    reported(charge_point)


def reported(charge_point: ChargePoint) -> None:
    """Once the newer one has spoken of all places there is nothing to wait for."""
    if charge_point.hardware_since is not None and not former(charge_point):
        charge_point.hardware_since = charge_point.unreported_since = None


def former(charge_point: ChargePoint) -> list[Place]:
    """The places of which only the former one spoke."""
    return [place for place, report in charge_point.reports.items() if charge_point.is_former(report)]


def make_room(charge_point: ChargePoint, at: int, policy: Policy) -> bool:
    """Forgets a place of which only the former one spoke, for one that is there now; whether there was one."""
    places = former(charge_point)
    if places:
        forget(charge_point, [max(places)], at, policy)
    return bool(places)


def mark_unreported(charge_point: ChargePoint, at: int, policy: Policy) -> None:
    """They were asked for, and were not reported by ``at`` (ms)."""
    charge_point.unreported_since = at
    rules.settle(charge_point, at, policy.connector0_mode)


def forget(charge_point: ChargePoint, places: list[Place], at: int, policy: Policy) -> None:
    """These are no longer there, found at ``at`` (ms)."""
    for place in places:
        if place in charge_point.reports:
            charge_point.forget(place)
    intents.forget(charge_point)
    reported(charge_point)
    rules.settle(charge_point, at, policy.connector0_mode)
