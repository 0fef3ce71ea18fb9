"""The arithmetic of status: words of the chargers to ours, and counts to one status. Pure.

Two axes on purpose: ``status`` is the driver's view (can I charge here?) and must not hide a free
plug behind a fault; ``health`` is the operator's and must not hide a fault behind a free plug.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

Status = Literal["AVAILABLE", "OCCUPIED", "RESERVED", "UNAVAILABLE", "FAULTED", "UNKNOWN"]
Health = Literal["OK", "DEGRADED", "DOWN", "UNKNOWN"]
Connectivity = Literal["ONLINE", "OFFLINE", "NEVER"]
Reason = Literal["OWN", "CONNECTOR_0", "EVSE", "SIBLING_IN_USE", "OFFLINE", "REGISTRATION", "NOT_REPORTED"]
Counts = Mapping[Status, int]

STATUSES: tuple[Status, ...] = ("AVAILABLE", "OCCUPIED", "RESERVED", "UNAVAILABLE", "FAULTED", "UNKNOWN")
HEALTHS: tuple[Health, ...] = ("OK", "DEGRADED", "DOWN", "UNKNOWN")

#: OCPP 1.6 §7.7 ChargePointStatus and 2.x §3.23 ConnectorStatusEnumType to ours.
NORMALIZED: Mapping[str, Status] = {
    "Available": "AVAILABLE",
    "Preparing": "OCCUPIED",
    "Charging": "OCCUPIED",
    "SuspendedEV": "OCCUPIED",
    "SuspendedEVSE": "OCCUPIED",
    "Finishing": "OCCUPIED",
    "Occupied": "OCCUPIED",
    "Reserved": "RESERVED",
    "Unavailable": "UNAVAILABLE",
    "Faulted": "FAULTED",
}

_IN_AN_EVSE: tuple[Status, ...] = ("OCCUPIED", "RESERVED", "AVAILABLE", "UNKNOWN", "FAULTED", "UNAVAILABLE")
_AT_A_STATION: tuple[Status, ...] = ("AVAILABLE", "OCCUPIED", "RESERVED", "UNKNOWN", "FAULTED", "UNAVAILABLE")
_BAD: tuple[Status, ...] = ("FAULTED", "UNAVAILABLE", "UNKNOWN")
_GOOD: tuple[Status, ...] = ("AVAILABLE", "OCCUPIED", "RESERVED")


def evse_status(connectors: Iterable[Status]) -> Status:
    """One EVSE serves one car: a connector in use decides, then a free one."""
    return min(connectors, key=_IN_AN_EVSE.index, default="UNKNOWN")


def rolled_up(counts: Counts) -> Status:
    """The driver's view of many EVSEs: free if any is free. No EVSE at all is UNKNOWN."""
    return next((status for status in _AT_A_STATION if counts.get(status)), "UNKNOWN")


def is_worse(status: Status, than: Status) -> bool:
    """Whether a station that comes to this status lost what made it the other."""
    return _AT_A_STATION.index(status) > _AT_A_STATION.index(than)


def health_of(counts: Counts) -> Health:
    """The operator's view: OK, DEGRADED (some bad, some usable), DOWN (none usable) or UNKNOWN."""
    if not any(counts.get(status) for status in _BAD):
        return "OK" if any(counts.get(status) for status in _GOOD) else "UNKNOWN"
    if any(counts.get(status) for status in _GOOD):
        return "DEGRADED"
    return "DOWN" if counts.get("FAULTED") or counts.get("UNAVAILABLE") else "UNKNOWN"


def partially_available(counts: Counts) -> bool:
    """Some EVSE is free and some other is not."""
    return bool(counts.get("AVAILABLE")) and any(n and status != "AVAILABLE" for status, n in counts.items())


def count(statuses: Iterable[Status]) -> dict[Status, int]:
    """How many of each, without zeros, in the order of ``STATUSES``."""
    found = list(statuses)
    return {status: n for status in STATUSES if (n := found.count(status))}


def summed(many: Iterable[Counts]) -> dict[Status, int]:
    """Counts added up, without zeros, in the order of ``STATUSES``."""
    added: dict[Status, int] = {}
    for counts in many:
        for status, n in counts.items():
            added[status] = added.get(status, 0) + n
    return {status: added[status] for status in STATUSES if added.get(status)}
