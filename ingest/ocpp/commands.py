"""What we ask of a charger, in our own words; each dialect's ``encode`` says it in its own.

``evse_id`` 0 is the whole charge point, ``connector_id`` 0 an EVSE as a whole. In 1.6 a connector n
is EVSE n, connector 1, so that ``evse_id`` alone is the number on the wire.
"""

from dataclasses import dataclass
from typing import Any, Literal

from ingest.ocpp.errors import Code, OcppError
from ingest.ocpp.units import clean

Requested = Literal[
    "BootNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "StatusNotification",
    "TransactionEvent",
]
ResetKind = Literal["immediate", "graceful"]


class Unsupported(Exception):
    """The charger's version of OCPP has no words for a command."""


@dataclass(frozen=True, slots=True)
class ChangeAvailability:
    """An operator's intent; ``intent`` is its version, which comes back in the `CommandAnswered` event."""

    operative: bool
    evse_id: int
    connector_id: int
    intent: int


@dataclass(frozen=True, slots=True)
class TriggerMessage:
    """Send ``requested`` now, for a place or (None) for the whole charge point."""

    requested: Requested
    evse_id: int | None = None
    connector_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """Restart at once, or ``graceful``: after what is running (1.6 Hard and Soft, 2.x Immediate and OnIdle).

    One EVSE or (None) all of it; 1.6 knows no reset of one.
    """

    kind: ResetKind
    evse_id: int | None = None


@dataclass(frozen=True, slots=True)
class UnlockConnector:
    """Let go of the cable."""

    evse_id: int
    connector_id: int


@dataclass(frozen=True, slots=True)
class Resync:
    """Say the status of everything again (1.6: TriggerMessage without a connector; 2.x: GetBaseReport)."""


Command = ChangeAvailability | TriggerMessage | Reset | UnlockConnector | Resync


#: every status that a version has for the answer to one of these; a charger may say anything
STATUSES = frozenset(
    {
        "Accepted",
        "EmptyResultSet",
        "NotImplemented",
        "NotSupported",
        "OngoingAuthorizedTransaction",
        "Rejected",
        "Scheduled",
        "UnknownConnector",
        "UnlockFailed",
        "Unlocked",
    }
)


def status_of(payload: dict[str, Any]) -> str:
    """The status word of a charger's answer; every answer to every command carries one.

    Raises:
        OcppError: there is none.
    """
    status = payload.get("status")
    if type(status) is not str or not clean(status, len(status)):
        raise OcppError(Code.FORMAT, "the answer has no status")
    return status
