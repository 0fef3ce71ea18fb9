import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest.ocpp.commands import ChangeAvailability, Command, Reset, Resync, TriggerMessage, UnlockConnector
from ingest.ocpp.dialects import v201
from shared.words.event import Booted, StatusReported
from tests.unit.ingest.ocpp.dialects.said import AT, NOW, places, status


@pytest.mark.parametrize(
    ("evse", "connector", "where"), [(1, 1, (1, 1)), (2, 3, (2, 3)), (1, 0, (1, 0)), (0, 0, (0, 0)), (0, 1, (0, 0))]
)
def test_evse_0_is_the_charge_point_and_connector_0_the_evse(
    evse: int, connector: int, where: tuple[int, int], told: Callable[..., Any]
) -> None:
    assert places(told("StatusNotification", status(evse, connector))) == [(*where, "Available")]


@pytest.mark.parametrize("payload", [status(-1, 1), status(256, 1), status(1, -1), status(1, 256), status(0, -1)])
def test_places_outside_0_to_255_are_refused(payload: dict[str, Any], told: Callable[..., Any]) -> None:
    outcome = told("StatusNotification", payload)
    assert (outcome.events, outcome.error_code) == ((), "PropertyConstraintViolation")


def test_a_status_of_16_is_refused(told: Callable[..., Any]) -> None:
    outcome = told("StatusNotification", status(word="Charging"))
    assert (outcome.events, outcome.error_code) == ((), "PropertyConstraintViolation")


def test_a_status_is_reported_with_the_chargers_time(told: Callable[..., Any]) -> None:
    (reported,) = told("StatusNotification", status(word="Faulted")).events
    assert isinstance(reported, StatusReported)
    assert (reported.reported_at, reported.reported_at_text) == (NOW - 1000, AT)
    assert reported.error_code is reported.vendor_error_code is reported.info is None


def test_a_boot_says_what_the_charger_is(told: Callable[..., Any]) -> None:
    station = {"vendorName": "V" * 99, "model": "M" * 99, "serialNumber": "S1", "firmwareVersion": "1.2"}
    outcome = told("BootNotification", {"reason": "PowerUp", "chargingStation": station})
    (event,) = outcome.events
    assert isinstance(event, Booted)
    assert (event.vendor, event.model, event.serial, event.firmware, event.reason) == (
        "V" * 50,
        "M" * 50,
        "S1",
        "1.2",
        "PowerUp",
    )


@pytest.mark.parametrize(
    "station", [{"vendorName": "V", "model": "M" * 21}, {"vendorName": "V", "model": "M", "foo": 1}]
)
def test_a_boot_that_may_be_refused_is_refused_by_the_strict_only(
    station: dict[str, Any], told: Callable[..., Any]
) -> None:
    boot = {"reason": "PowerUp", "chargingStation": station}
    assert told("BootNotification", boot).error_code is None
    assert told("BootNotification", boot, strict=True).events == ()


@pytest.mark.parametrize(("authorize", "verdict"), [("accept", "Accepted"), ("refuse", "Invalid")])
def test_authorization_is_the_operators_policy(authorize: str, verdict: str, told: Callable[..., Any]) -> None:
    token = {"idToken": "T", "type": "ISO14443"}
    transaction = {
        "eventType": "Started",
        "timestamp": AT,
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "t1"},
    }
    for action, payload in [("Authorize", {"idToken": token}), ("TransactionEvent", transaction | {"idToken": token})]:
        outcome = told(action, payload, authorize=authorize)
        assert json.loads(outcome.replies[0])[2] == {"idTokenInfo": {"status": verdict}}
        assert outcome.events == ()
    assert told("TransactionEvent", transaction, authorize=authorize).replies == (b'[3,"1",{}]',)
    assert told("TransactionEvent", transaction | {"idToken": None}).replies == (b'[3,"1",{}]',)


CONNECTOR_COMMANDS: list[tuple[Command, str, dict[str, Any]]] = [
    (ChangeAvailability(False, 0, 0, 1), "ChangeAvailability", {"operationalStatus": "Inoperative"}),
    (ChangeAvailability(True, 3, 0, 1), "ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 3}}),
    (
        ChangeAvailability(True, 3, 2, 1),
        "ChangeAvailability",
        {"operationalStatus": "Operative", "evse": {"id": 3, "connectorId": 2}},
    ),
    (TriggerMessage("Heartbeat"), "TriggerMessage", {"requestedMessage": "Heartbeat"}),
    (TriggerMessage("MeterValues", 2), "TriggerMessage", {"requestedMessage": "MeterValues", "evse": {"id": 2}}),
    (
        TriggerMessage("StatusNotification", 2),
        "TriggerMessage",
        {"requestedMessage": "StatusNotification", "evse": {"id": 2, "connectorId": 1}},
    ),
    (
        TriggerMessage("StatusNotification", 2, 3),
        "TriggerMessage",
        {"requestedMessage": "StatusNotification", "evse": {"id": 2, "connectorId": 3}},
    ),
    # F06.FR.12: one connector, or a report
    (TriggerMessage("StatusNotification"), "GetBaseReport", {"requestId": 5, "reportBase": "SummaryInventory"}),
    (TriggerMessage("TransactionEvent"), "TriggerMessage", {"requestedMessage": "TransactionEvent"}),
    (
        TriggerMessage("TransactionEvent", 2),
        "TriggerMessage",
        {"requestedMessage": "TransactionEvent", "evse": {"id": 2}},
    ),
    (Reset("immediate"), "Reset", {"type": "Immediate"}),
    (Reset("immediate", 2), "Reset", {"type": "Immediate", "evseId": 2}),
    (Reset("graceful", 1), "Reset", {"type": "OnIdle", "evseId": 1}),
    (Reset("graceful"), "Reset", {"type": "OnIdle"}),
    (UnlockConnector(2, 1), "UnlockConnector", {"evseId": 2, "connectorId": 1}),
    (Resync(), "GetBaseReport", {"requestId": 5, "reportBase": "SummaryInventory"}),
]


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
@pytest.mark.parametrize(("command", "action", "payload"), CONNECTOR_COMMANDS)
def test_commands_are_asked_in_the_words_of_2x(
    protocol: str, command: Command, action: str, payload: dict[str, Any], official: Callable[[str], Any]
) -> None:
    assert v201.encode(command, 5) == (action, payload)
    official(protocol).judge_request(action, payload)
