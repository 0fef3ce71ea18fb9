import json
from collections.abc import Callable
from typing import Any

import pytest

NOW = 1_800_000_000_000
AT = "2027-01-15T07:59:59Z"


@pytest.fixture
def told(session: Callable[..., Any]) -> Callable[..., Any]:
    """The outcome of one CALL to a fresh session."""

    def outcome(action: str, payload: object, protocol: str = "ocpp2.1", **options: Any) -> Any:
        return session(protocol, **options).receive(json.dumps([2, "1", action, payload]), NOW)

    return outcome


SEVERE = {
    "generatedAt": AT,
    "seqNo": 0,
    "eventData": [
        {
            "eventId": 1,
            "timestamp": AT,
            "trigger": "Delta",
            "actualValue": "Occupied",
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
            "variable": {"name": "AvailabilityState"},
            "severity": 8,
        }
    ],
}


def test_severity_is_a_field_of_21_only(told: Callable[..., Any]) -> None:
    (event,) = told("NotifyEvent", SEVERE, strict=True).events
    assert (event.evse_id, event.connector_id, event.reported, event.protocol) == (1, 1, "Occupied", "ocpp2.1")
    assert told("NotifyEvent", SEVERE, "ocpp2.0.1", strict=True).error_code == "FormatViolation"


def test_the_deprecated_status_notification_still_counts(told: Callable[..., Any]) -> None:
    status = {"timestamp": AT, "connectorStatus": "Reserved", "evseId": 2, "connectorId": 1}
    (event,) = told("StatusNotification", status).events
    assert (event.evse_id, event.connector_id, event.reported) == (2, 1, "Reserved")


def test_each_asked_certificate_gets_a_status_of_its_own(
    told: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    hashes = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "c"}
    asked = [
        {"certificateHashData": hashes | {"vendorFoo": 1}, "source": "OCSP", "urls": ["http://x"]},
        {"certificateHashData": hashes | {"serialNumber": "d"}, "source": "CRL", "urls": ["http://y"]},
    ]
    reply = json.loads(told("GetCertificateChainStatus", {"certificateStatusRequests": asked}).replies[0])[2]
    official("ocpp2.1").judge_response("GetCertificateChainStatus", reply)
    assert [
        (one["certificateHashData"]["serialNumber"], one["source"], one["status"]) for one in reply["certificateStatus"]
    ] == [("c", "OCSP", "Failed"), ("d", "CRL", "Failed")]


def test_the_vat_number_is_echoed(told: Callable[..., Any]) -> None:
    assert json.loads(told("VatNumberValidation", {"vatNumber": "DE1"}).replies[0])[2] == {
        "vatNumber": "DE1",
        "status": "Rejected",
    }


def test_an_event_stream_as_a_call_is_not_supported(told: Callable[..., Any]) -> None:
    assert told("NotifyPeriodicEventStream", {}).error_code == "NotSupported"
    assert told("NotifyPeriodicEventStream", {}, "ocpp2.0.1").error_code == "NotImplemented"


@pytest.mark.parametrize("action", ["BatterySwap", "NotifySettlement", "VatNumberValidation"])
def test_201_does_not_know_the_actions_of_21(action: str, told: Callable[..., Any]) -> None:
    assert told(action, {}, "ocpp2.0.1").error_code == "NotImplemented"
