"""OCPP 1.6: connector n is EVSE n, connector 1; connector 0 is the charge point (1.6 §4, §7.7)."""

from typing import assert_never

from ingest.ocpp.commands import (
    ChangeAvailability,
    Command,
    Reset,
    Resync,
    TriggerMessage,
    UnlockConnector,
    Unsupported,
)
from ingest.ocpp.dialects import dialect
from ingest.ocpp.shapes import Payload
from ingest.ocpp.shapes.v16 import ANSWERS, REFUSED, REQUESTS
from ingest.ocpp.units import clean, clean_or_none
from shared.words.event import FIRMWARE, INFO, MODEL, SERIAL, VENDOR, VENDOR_ERROR_CODE, VENDOR_ID

from .dialect import Action, Boot, Circumstances, Fact, Reply, Status

__all__ = ["ACTIONS", "ANSWERS", "REFUSED", "encode"]

ERROR_CODES = REQUESTS["StatusNotification"].fields["errorCode"].words


def _booted(payload: Payload) -> tuple[Fact, ...]:
    serial = payload.get("chargePointSerialNumber") or payload.get("chargeBoxSerialNumber")
    return (
        Boot(
            vendor=clean(payload["chargePointVendor"], VENDOR),
            model=clean(payload["chargePointModel"], MODEL),
            serial=clean_or_none(serial, SERIAL),
            firmware=clean_or_none(payload.get("firmwareVersion"), FIRMWARE),
            reason=None,
        ),
    )


def _status(payload: Payload) -> tuple[Fact, ...]:
    connector = dialect.place(payload["connectorId"])
    error_code = payload["errorCode"]
    vendor_error_code = payload.get("vendorErrorCode")
    if error_code not in ERROR_CODES:
        vendor_error_code = vendor_error_code or error_code
        error_code = "OtherError"
    info = payload.get("info")
    return (
        Status(
            connector,
            1 if connector else 0,
            payload["status"],
            payload.get("timestamp"),
            error_code,
            clean_or_none(vendor_error_code, VENDOR_ERROR_CODE),
            clean_or_none(payload.get("vendorId"), VENDOR_ID),
            clean_or_none(info, INFO),
        ),
    )


def _authorized(payload: Payload, circumstances: Circumstances) -> Reply:
    return {"idTagInfo": dialect.authorization(circumstances)}


def _started(payload: Payload, circumstances: Circumstances) -> Reply:
    return {
        "transactionId": circumstances.transaction_id(),
        "idTagInfo": dialect.authorization(circumstances),
    }


ACTIONS = dialect.actions(
    REQUESTS,
    {
        "Authorize": Action(_authorized),
        "BootNotification": Action(dialect.boot_reply, _booted),
        "DataTransfer": Action(b'{"status":"UnknownVendorId"}'),
        "Heartbeat": Action(dialect.time_reply),
        "SignCertificate": Action(b'{"status":"Rejected"}'),
        "StartTransaction": Action(_started),
        "StatusNotification": Action(facts=_status),
    },
)

_WORDS = {"immediate": "Hard", "graceful": "Soft", "LogStatusNotification": "DiagnosticsStatusNotification"}


def encode(command: Command, request_id: int) -> tuple[str, Reply]:
    """The action and the payload that ask for ``command`` (1.6 §5); 1.6 has no use for ``request_id``.

    Raises:
        Unsupported: 1.6 has no such command.
    """
    match command:
        case ChangeAvailability(operative=operative, evse_id=connector):
            return "ChangeAvailability", {
                "connectorId": connector,
                "type": "Operative" if operative else "Inoperative",
            }
        case TriggerMessage(requested="TransactionEvent"):
            raise Unsupported("OCPP 1.6 has no TransactionEvent: trigger MeterValues or StatusNotification")
        case TriggerMessage(connector_id=second) | UnlockConnector(connector_id=second) if (second or 0) > 1:
            raise Unsupported("in OCPP 1.6 each connector is an EVSE of its own: connector_id is 1")
        case TriggerMessage(requested=requested, evse_id=connector):
            asked = {"requestedMessage": _WORDS.get(requested, requested)}
            return "TriggerMessage", asked | {"connectorId": connector} if connector else asked
        case Reset(evse_id=int()):
            raise Unsupported("OCPP 1.6 restarts a charge point as a whole: leave evse_id out")
        case Reset(kind=kind):
            return "Reset", {"type": _WORDS[kind]}
        case UnlockConnector(evse_id=connector):
            return "UnlockConnector", {"connectorId": connector}
        case Resync():
            return "TriggerMessage", {"requestedMessage": "StatusNotification"}
        case _:
            assert_never(command)
