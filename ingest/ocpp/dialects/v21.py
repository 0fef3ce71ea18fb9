"""OCPP 2.1: 2.0.1 with more fields, more actions, and SEND, which is never answered (Part 4 §4.2.4)."""

from ingest.ocpp.shapes import Payload
from ingest.ocpp.shapes.v21 import ANSWERS, REFUSED, REQUESTS
from shared.words.instant import to_text

from .dialect import Action, Circumstances, Reply, actions
from .v201 import KNOWN, REJECTED, encode

__all__ = ["ACTIONS", "ANSWERS", "REFUSED", "encode"]

_HASH_DATA = ("hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber")


def _chain_status(payload: Payload, circumstances: Circumstances) -> Reply:
    """GetCertificateChainStatus: we look nothing up, so each status is Failed, to be asked again any time."""
    return {
        "certificateStatus": [
            {
                "certificateHashData": {name: asked["certificateHashData"][name] for name in _HASH_DATA},
                "source": asked["source"],
                "status": "Failed",
                "nextUpdate": to_text(circumstances.now),
            }
            for asked in payload["certificateStatusRequests"]
        ]
    }


def _vat_number(payload: Payload, circumstances: Circumstances) -> Reply:
    return {"vatNumber": payload["vatNumber"], "status": "Rejected"}


ACTIONS = actions(
    REQUESTS,
    KNOWN
    | {
        "GetCertificateChainStatus": Action(_chain_status, echoes=True),
        "NotifyEVChargingNeeds": Action(b'{"status":"NoChargingProfile"}'),
        "OpenPeriodicEventStream": Action(REJECTED),
        "PullDynamicScheduleUpdate": Action(REJECTED),
        "VatNumberValidation": Action(_vat_number, echoes=True),
    },
)
