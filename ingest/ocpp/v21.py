"""OCPP 2.1: 2.0.1 with more fields, more actions, and SEND, which is never answered (Part 4 §4.2.4)."""

from msgspec import structs

from ingest.ocpp.dialect import Action, Circumstances, Reply
from ingest.ocpp.shapes import BOOLEAN, INTEGER, LIST, NUMBER, OBJECT, TEXT, TIME, Kind, Payload, many, one, text
from ingest.ocpp.v201 import ACTIONS as ACTIONS_201
from ingest.ocpp.v201 import EVENT_DATA, ID_TOKEN, REJECTED, encode, shape
from ingest.ocpp.v201 import REFUSED as REFUSED_201
from shared.words.instant import to_text

__all__ = ["ACTIONS", "REFUSED", "encode"]

_ID_TOKEN = one(ID_TOKEN.extended({"idToken!": text(255)}))
_HASH_DATA = shape(
    {"hashAlgorithm!": TEXT, "issuerNameHash!": text(128), "issuerKeyHash!": text(128), "serialNumber!": text(40)}
)
_CHAIN_REQUEST = shape({"certificateHashData!": one(_HASH_DATA), "source!": TEXT, "urls!": LIST})


def _grown(action: str, fields: dict[str, Kind], reply: bytes | None = None) -> Action:
    """An action of 2.0.1 with the fields that 2.1 added or widened."""
    known = ACTIONS_201[action]
    return structs.replace(known, shape=known.shape.extended(fields), reply=known.reply if reply is None else reply)


def _chain_status(payload: Payload, circumstances: Circumstances) -> Reply:
    """GetCertificateChainStatus: we look nothing up, so each status is Failed, to be asked again any time."""
    return {
        "certificateStatus": [
            {
                "certificateHashData": {name: asked["certificateHashData"][name] for name in _HASH_DATA.required},
                "source": asked["source"],
                "status": "Failed",
                "nextUpdate": to_text(circumstances.now),
            }
            for asked in payload["certificateStatusRequests"]
        ]
    }


def _vat_number(payload: Payload, circumstances: Circumstances) -> Reply:
    return {"vatNumber": payload["vatNumber"], "status": "Rejected"}


_SOURCE = {"chargingLimitSource!": text(20)}
_STATUS_INFO = {"statusInfo": OBJECT}

ACTIONS = ACTIONS_201 | {
    "Authorize": _grown("Authorize", {"idToken!": _ID_TOKEN, "certificate": text(10000)}),
    "BatterySwap": Action(
        shape({"batteryData!": LIST, "eventType!": TEXT, "idToken!": _ID_TOKEN, "requestId!": INTEGER})
    ),
    "ClearedChargingLimit": _grown("ClearedChargingLimit", _SOURCE),
    "ClosePeriodicEventStream": Action(shape({"id!": INTEGER})),
    "FirmwareStatusNotification": _grown("FirmwareStatusNotification", _STATUS_INFO),
    "Get15118EVCertificate": _grown(
        "Get15118EVCertificate",
        {"exiRequest!": text(11000), "maximumContractCertificateChains": INTEGER, "prioritizedEMAIDs": LIST},
    ),
    "GetCertificateChainStatus": Action(
        shape({"certificateStatusRequests!": many(_CHAIN_REQUEST)}), _chain_status, echoes=True
    ),
    "LogStatusNotification": _grown("LogStatusNotification", _STATUS_INFO),
    "NotifyDERAlarm": Action(
        shape(
            {
                "controlType!": TEXT,
                "timestamp!": TIME,
                "gridEventFault": TEXT,
                "alarmEnded": BOOLEAN,
                "extraInfo": text(200),
            }
        )
    ),
    "NotifyDERStartStop": Action(
        shape({"controlId!": text(36), "started!": BOOLEAN, "timestamp!": TIME, "supersededIds": LIST})
    ),
    "NotifyEVChargingNeeds": _grown("NotifyEVChargingNeeds", {"timestamp": TIME}, b'{"status":"NoChargingProfile"}'),
    "NotifyEVChargingSchedule": _grown(
        "NotifyEVChargingSchedule", {"selectedChargingScheduleId": INTEGER, "powerToleranceAcceptance": BOOLEAN}
    ),
    "NotifyEvent": _grown("NotifyEvent", {"eventData!": many(EVENT_DATA.extended({"severity": INTEGER}))}),
    "NotifyPriorityCharging": Action(shape({"transactionId!": text(36), "activated!": BOOLEAN})),
    "NotifySettlement": Action(
        shape(
            {
                "pspRef!": text(255),
                "status!": TEXT,
                "settlementAmount!": NUMBER,
                "settlementTime!": TIME,
                "transactionId": text(36),
                "statusInfo": text(500),
                "receiptId": text(50),
                "receiptUrl": text(2000),
                "vatCompany": OBJECT,
                "vatNumber": text(20),
            }
        )
    ),
    "OpenPeriodicEventStream": Action(shape({"constantStreamData!": OBJECT}), REJECTED),
    "PublishFirmwareStatusNotification": _grown("PublishFirmwareStatusNotification", _STATUS_INFO),
    "PullDynamicScheduleUpdate": Action(shape({"chargingProfileId!": INTEGER}), REJECTED),
    "ReportDERControl": Action(
        shape(
            {
                "requestId!": INTEGER,
                "tbc": BOOLEAN,
                "curve": LIST,
                "enterService": LIST,
                "fixedPFAbsorb": LIST,
                "fixedPFInject": LIST,
                "fixedVar": LIST,
                "freqDroop": LIST,
                "gradient": LIST,
                "limitMaxDischarge": LIST,
            }
        )
    ),
    "ReportChargingProfiles": _grown("ReportChargingProfiles", _SOURCE),
    "SignCertificate": _grown("SignCertificate", {"hashRootCertificate": OBJECT, "requestId": INTEGER}),
    "TransactionEvent": _grown(
        "TransactionEvent",
        {"costDetails": OBJECT, "preconditioningStatus": TEXT, "evseSleep": BOOLEAN, "idToken": _ID_TOKEN},
    ),
    "VatNumberValidation": Action(shape({"vatNumber!": text(20), "evseId": INTEGER}), _vat_number, echoes=True),
}

# fmt: off
REFUSED = REFUSED_201 | {
    "AFRRSignal", "AdjustPeriodicEventStream", "ChangeTransactionTariff", "ClearDERControl", "ClearTariffs",
    "GetDERControl", "GetPeriodicEventStream", "GetTariffs", "NotifyAllowedEnergyTransfer",
    "NotifyPeriodicEventStream",  # a SEND of the charger's, never a CALL
    "NotifyWebPaymentStarted", "RequestBatterySwap", "SetDERControl", "SetDefaultTariff", "UpdateDynamicSchedule",
    "UsePriorityCharging",
}
# fmt: on
