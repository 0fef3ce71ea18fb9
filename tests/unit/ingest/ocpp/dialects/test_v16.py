import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest.ocpp.commands import (
    ChangeAvailability,
    Command,
    Reset,
    Resync,
    TriggerMessage,
    UnlockConnector,
    Unsupported,
)
from ingest.ocpp.dialects import v16
from shared.words.event import Booted, StatusReported

NOW = 1_800_000_000_000
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


@pytest.fixture
def told(session: Callable[..., Any]) -> Callable[..., Any]:
    """The outcome of one CALL to a fresh session."""

    def outcome(action: str, payload: object, **options: Any) -> Any:
        return session("ocpp1.6", **options).receive(json.dumps([2, "1", action, payload]), NOW)

    return outcome


def status(told: Callable[..., Any], **fields: Any) -> StatusReported:
    outcome = told("StatusNotification", STATUS | fields)
    (event,) = outcome.events
    assert outcome.replies == (b'[3,"1",{}]',)
    assert isinstance(event, StatusReported)
    return event


def test_a_status_says_everything_that_the_charger_said(told: Callable[..., Any]) -> None:
    event = status(
        told,
        connectorId=2,
        errorCode="GroundFailure",
        status="Faulted",
        timestamp="2027-01-15T08:00:00.5Z",
        info="earth",
        vendorId="ACME",
        vendorErrorCode="E7",
    )
    assert event == StatusReported(
        charge_point_id="CP1",
        charge_point_key=7,
        epoch=1000,
        sequence=0,
        received_at=NOW,
        gateway_id="gw-1",
        protocol="ocpp1.6",
        evse_id=2,
        connector_id=1,
        reported="Faulted",
        error_code="GroundFailure",
        vendor_error_code="E7",
        vendor_id="ACME",
        info="earth",
        reported_at=NOW + 500,
        reported_at_text="2027-01-15T08:00:00.5Z",
    )


@pytest.mark.parametrize(("connector", "where"), [(0, (0, 0)), (1, (1, 1)), (4, (4, 1)), (255, (255, 1))])
def test_a_connector_is_an_evse_of_its_own_and_connector_0_the_charge_point(
    connector: int, where: tuple[int, int], told: Callable[..., Any]
) -> None:
    event = status(told, connectorId=connector)
    assert (event.evse_id, event.connector_id) == where


@pytest.mark.parametrize("connector", [-1, 256, 10**12])
def test_a_connector_outside_0_to_255_is_refused(connector: int, told: Callable[..., Any]) -> None:
    outcome = told("StatusNotification", STATUS | {"connectorId": connector})
    assert (outcome.events, outcome.error_code) == ((), "PropertyConstraintViolation")


@pytest.mark.parametrize("word", ["Occupied", "available", "", "Idle"])
def test_a_status_that_16_does_not_have_is_refused(word: str, told: Callable[..., Any]) -> None:
    outcome = told("StatusNotification", STATUS | {"status": word})
    assert (outcome.events, outcome.error_code) == ((), "PropertyConstraintViolation")


def test_unknown_error_code_is_kept_and_mapped_to_other_error(told: Callable[..., Any]) -> None:
    event = status(told, errorCode="Error")
    assert (event.error_code, event.vendor_error_code) == ("OtherError", "Error")


def test_unknown_error_code_does_not_displace_the_vendors_own(told: Callable[..., Any]) -> None:
    event = status(told, errorCode="Error", vendorErrorCode="E7")
    assert (event.error_code, event.vendor_error_code) == ("OtherError", "E7")


def test_unknown_error_code_is_refused_by_the_strict(told: Callable[..., Any]) -> None:
    outcome = told("StatusNotification", STATUS | {"errorCode": "Error"}, strict=True)
    assert (outcome.events, outcome.error_code) == ((), "PropertyConstraintViolation")


def test_over_long_texts_are_cut_and_not_refused(told: Callable[..., Any]) -> None:
    event = status(told, info="i" * 1000, vendorErrorCode="v" * 1000, vendorId="w" * 1000)
    assert event.info == "i" * 500
    assert (event.vendor_error_code, event.vendor_id) == ("v" * 50, "w" * 255)


def test_what_cannot_be_stored_is_dropped_from_texts(told: Callable[..., Any]) -> None:
    event = status(told, info="a\ud800b", vendorErrorCode="E\x001", timestamp="never\x00\ud800")
    assert (event.info, event.vendor_error_code, event.reported_at_text) == ("ab", "E1", "never")


def test_null_and_empty_optionals_are_absent(told: Callable[..., Any]) -> None:
    for nothing in (None, ""):
        event = status(told, info=nothing, vendorErrorCode=nothing, vendorId=nothing, timestamp=nothing)
        assert (event.info, event.vendor_error_code, event.vendor_id) == (None, None, None)
        assert (event.reported_at, event.reported_at_text) == (None, None)


def test_a_bad_timestamp_is_kept_as_text_only(told: Callable[..., Any]) -> None:
    event = status(told, timestamp="yesterday")
    assert (event.reported_at, event.reported_at_text) == (None, "yesterday")


def test_a_boot_says_what_the_charger_is(told: Callable[..., Any]) -> None:
    outcome = told(
        "BootNotification",
        {
            "chargePointVendor": "V" * 99,
            "chargePointModel": "",
            "chargeBoxSerialNumber": "S1",
            "firmwareVersion": "1.2",
        },
    )
    (event,) = outcome.events
    assert isinstance(event, Booted)
    assert (event.vendor, event.model, event.serial, event.firmware, event.reason) == ("V" * 50, "", "S1", "1.2", None)
    assert json.loads(outcome.replies[0])[2] == {
        "status": "Accepted",
        "currentTime": "2027-01-15T08:00:00.000Z",
        "interval": 300,
    }


def test_the_charge_points_serial_goes_before_the_boxs(told: Callable[..., Any]) -> None:
    payload = {
        "chargePointVendor": "V",
        "chargePointModel": "M",
        "chargeBoxSerialNumber": "S1",
        "chargePointSerialNumber": "S2",
    }
    (event,) = told("BootNotification", payload).events
    assert event.serial == "S2"


@pytest.mark.parametrize(("authorize", "verdict"), [("accept", "Accepted"), ("refuse", "Invalid")])
def test_authorization_is_the_operators_policy(authorize: str, verdict: str, told: Callable[..., Any]) -> None:
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2027-01-15T08:00:00Z"}
    asked = told("Authorize", {"idTag": "T"}, authorize=authorize)
    started = told("StartTransaction", start, authorize=authorize)
    assert json.loads(asked.replies[0])[2] == {"idTagInfo": {"status": verdict}}
    assert json.loads(started.replies[0])[2] == {"transactionId": 501, "idTagInfo": {"status": verdict}}


def test_transactions_and_meter_values_say_nothing_about_status(told: Callable[..., Any]) -> None:
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2027-01-15T08:00:00Z"}
    stop = {"transactionId": -1, "meterStop": 0, "timestamp": "2027-01-15T08:00:00Z"}
    for action, payload in [
        ("StartTransaction", start),
        ("StopTransaction", stop),
        ("MeterValues", {"connectorId": 0, "meterValue": []}),
        ("Heartbeat", None),
    ]:
        outcome = told(action, payload)
        assert outcome.events == ()
        assert outcome.error_code is None


@pytest.mark.parametrize(
    ("command", "action", "payload"),
    [
        (ChangeAvailability(False, 0, 0, 1), "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
        (ChangeAvailability(True, 3, 1, 1), "ChangeAvailability", {"connectorId": 3, "type": "Operative"}),
        (TriggerMessage("Heartbeat"), "TriggerMessage", {"requestedMessage": "Heartbeat"}),
        (
            TriggerMessage("StatusNotification", 2, 1),
            "TriggerMessage",
            {"requestedMessage": "StatusNotification", "connectorId": 2},
        ),
        (TriggerMessage("MeterValues", 0, 0), "TriggerMessage", {"requestedMessage": "MeterValues"}),
        (
            TriggerMessage("LogStatusNotification"),
            "TriggerMessage",
            {"requestedMessage": "DiagnosticsStatusNotification"},
        ),
        (Reset("immediate"), "Reset", {"type": "Hard"}),
        (Reset("graceful"), "Reset", {"type": "Soft"}),
        (UnlockConnector(2, 1), "UnlockConnector", {"connectorId": 2}),
        (Resync(), "TriggerMessage", {"requestedMessage": "StatusNotification"}),
    ],
)
def test_commands_are_asked_in_the_words_of_16(
    command: Command, action: str, payload: dict[str, Any], official: Callable[[str], Any]
) -> None:
    assert v16.encode(command, 5) == (action, payload)
    official("ocpp1.6").judge_request(action, payload)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (Reset("immediate", 1), "as a whole"),
        (TriggerMessage("TransactionEvent"), "no TransactionEvent"),
        (TriggerMessage("TransactionEvent", 1, 1), "no TransactionEvent"),
        (TriggerMessage("StatusNotification", 1, 2), "connector_id is 1"),
        (UnlockConnector(1, 2), "connector_id is 1"),
    ],
)
def test_what_16_has_no_words_for_is_not_asked_in_others(command: Command, why: str) -> None:
    with pytest.raises(Unsupported, match=why):
        v16.encode(command, 5)
