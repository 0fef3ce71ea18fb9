"""OCPP 1.6: connector n is EVSE n, connector 1; connector 0 is the charge point (1.6 §4, §7.7)."""

from typing import assert_never

from ingest.ocpp import dialect
from ingest.ocpp.commands import ChangeAvailability, Command, Reset, Resync, TriggerMessage, UnlockConnector
from ingest.ocpp.dialect import Action, Boot, Circumstances, Fact, Reply, Status
from ingest.ocpp.shapes import INTEGER, LIST, TEXT, TIME, Payload, Shape, text, usual_word, word
from ingest.ocpp.units import clean, clean_or_none
from shared.words.event import FIRMWARE, INFO, MODEL, SERIAL, VENDOR, VENDOR_ERROR_CODE

# fmt: off
STATUSES = frozenset({
    "Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Reserved",
    "Unavailable", "Faulted",
})
ERROR_CODES = frozenset({
    "ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature", "InternalError",
    "LocalListConflict", "NoError", "OtherError", "OverCurrentFailure", "OverVoltage", "PowerMeterFailure",
    "PowerSwitchFailure", "ReaderFailure", "ResetFailure", "UnderVoltage", "WeakSignal",
})
# fmt: on


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


ACTIONS = {
    "Authorize": Action(Shape({"idTag!": text(20)}), _authorized),
    "BootNotification": Action(
        Shape(
            {
                "chargePointVendor!": text(20),
                "chargePointModel!": text(20),
                "chargePointSerialNumber": text(25),
                "chargeBoxSerialNumber": text(25),
                "firmwareVersion": text(50),
                "iccid": text(20),
                "imsi": text(20),
                "meterType": text(25),
                "meterSerialNumber": text(25),
            }
        ),
        dialect.boot_reply,
        _booted,
    ),
    "DataTransfer": Action(
        Shape({"vendorId!": text(255), "messageId": text(50), "data": TEXT}), b'{"status":"UnknownVendorId"}'
    ),
    "DiagnosticsStatusNotification": Action(Shape({"status!": TEXT})),
    "FirmwareStatusNotification": Action(Shape({"status!": TEXT})),
    "Heartbeat": Action(Shape({}), dialect.time_reply),
    "LogStatusNotification": Action(Shape({"status!": TEXT, "requestId": INTEGER})),
    "MeterValues": Action(Shape({"connectorId!": INTEGER, "transactionId": INTEGER, "meterValue!": LIST})),
    "SecurityEventNotification": Action(Shape({"type!": text(50), "timestamp!": TIME, "techInfo": text(255)})),
    "SignCertificate": Action(Shape({"csr!": text(5500)}), b'{"status":"Rejected"}'),
    "SignedFirmwareStatusNotification": Action(Shape({"status!": TEXT, "requestId": INTEGER})),
    "StartTransaction": Action(
        Shape(
            {
                "connectorId!": INTEGER,
                "idTag!": text(20),
                "meterStart!": INTEGER,
                "timestamp!": TIME,
                "reservationId": INTEGER,
            }
        ),
        _started,
    ),
    "StatusNotification": Action(
        Shape(
            {
                "connectorId!": INTEGER,
                "errorCode!": usual_word(ERROR_CODES),
                "status!": word(STATUSES),
                "timestamp": TIME,
                "info": text(50),
                "vendorId": text(255),
                "vendorErrorCode": text(50),
            }
        ),
        facts=_status,
    ),
    "StopTransaction": Action(
        Shape(
            {
                "transactionId!": INTEGER,
                "meterStop!": INTEGER,
                "timestamp!": TIME,
                "idTag": text(20),
                "reason": TEXT,
                "transactionData": LIST,
            }
        )
    ),
}

# fmt: off
REFUSED = frozenset({
    "CancelReservation", "CertificateSigned", "ChangeAvailability", "ChangeConfiguration", "ClearCache",
    "ClearChargingProfile", "DeleteCertificate", "ExtendedTriggerMessage", "GetCompositeSchedule",
    "GetConfiguration", "GetDiagnostics", "GetInstalledCertificateIds", "GetLocalListVersion", "GetLog",
    "InstallCertificate", "RemoteStartTransaction", "RemoteStopTransaction", "ReserveNow", "Reset",
    "SendLocalList", "SetChargingProfile", "SignedUpdateFirmware", "TriggerMessage", "UnlockConnector",
    "UpdateFirmware",
})
# fmt: on

_WORDS = {"immediate": "Hard", "graceful": "Soft", "LogStatusNotification": "DiagnosticsStatusNotification"}


def encode(command: Command, request_id: int) -> tuple[str, Reply]:
    """The action and the payload that ask for ``command`` (1.6 §5); 1.6 has no use for ``request_id``."""
    match command:
        case ChangeAvailability(operative=operative, evse_id=connector):
            return "ChangeAvailability", {
                "connectorId": connector,
                "type": "Operative" if operative else "Inoperative",
            }
        case TriggerMessage(requested=requested, evse_id=connector):
            asked = {"requestedMessage": _WORDS.get(requested, requested)}
            return "TriggerMessage", asked | {"connectorId": connector} if connector else asked
        case Reset(kind=kind):
            return "Reset", {"type": _WORDS[kind]}
        case UnlockConnector(evse_id=connector):
            return "UnlockConnector", {"connectorId": connector}
        case Resync():
            return "TriggerMessage", {"requestedMessage": "StatusNotification"}
        case _:
            assert_never(command)
