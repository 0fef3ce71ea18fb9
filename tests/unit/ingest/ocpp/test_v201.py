import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest.ocpp.commands import ChangeAvailability, Command, Reset, Resync, TriggerMessage, UnlockConnector
from ingest.ocpp.dialects import v201
from shared.words.event import Booted, InventoryReported, StatusReported

NOW = 1_800_000_000_000
AT = "2027-01-15T07:59:59Z"

CONNECTOR = {"name": "Connector", "evse": {"id": 1, "connectorId": 2}}


@pytest.fixture
def told(session: Callable[..., Any]) -> Callable[..., Any]:
    """The outcome of one CALL to a fresh session."""

    def outcome(action: str, payload: object, **options: Any) -> Any:
        return session("ocpp2.0.1", **options).receive(json.dumps([2, "1", action, payload]), NOW)

    return outcome


def status(evse: object = 1, connector: object = 1, word: object = "Available") -> dict[str, Any]:
    return {"timestamp": AT, "connectorStatus": word, "evseId": evse, "connectorId": connector}


def event(value: str = "Available", component: object = CONNECTOR, name: str = "AvailabilityState") -> dict[str, Any]:
    return {
        "eventId": 1,
        "timestamp": AT,
        "trigger": "Delta",
        "actualValue": value,
        "eventNotificationType": "HardWiredNotification",
        "component": component,
        "variable": {"name": name},
    }


def events(*data: dict[str, Any]) -> dict[str, Any]:
    return {"generatedAt": AT, "seqNo": 0, "eventData": list(data)}


def report(*data: dict[str, Any]) -> dict[str, Any]:
    return {"requestId": 1, "generatedAt": AT, "seqNo": 0, "reportData": list(data)}


def entry(
    *attributes: dict[str, Any], component: object = CONNECTOR, name: str = "AvailabilityState"
) -> dict[str, Any]:
    return {"component": component, "variable": {"name": name}, "variableAttribute": list(attributes)}


def places(outcome: Any) -> list[tuple[int, int, str]]:
    assert outcome.replies == (b'[3,"1",{}]',)
    return [
        (event.evse_id, event.connector_id, event.reported)
        for event in outcome.events
        if isinstance(event, StatusReported)
    ]


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


@pytest.mark.parametrize(
    ("component", "where"),
    [
        (CONNECTOR, (1, 2)),
        ({"name": "CONNECTOR", "evse": {"id": 3, "connectorId": 1}}, (3, 1)),
        ({"name": "Connector", "evse": {"id": 3, "connectorId": 0}}, (3, 0)),
        ({"name": "Connector", "evse": {"id": 0, "connectorId": 1}}, (0, 0)),
        ({"name": "EVSE", "evse": {"id": 3}}, (3, 0)),
        ({"name": "evse", "evse": {"id": 3, "connectorId": 1}}, (3, 0)),
        ({"name": "EVSE", "evse": {"id": 0}}, (0, 0)),
        ({"name": "ChargingStation"}, (0, 0)),
        ({"name": "chargingstation", "evse": None}, (0, 0)),
    ],
)
def test_availability_state_is_a_status_of_its_component(
    component: object, where: tuple[int, int], told: Callable[..., Any]
) -> None:
    expected = [(*where, "Available")]
    assert places(told("NotifyEvent", events(event(component=component)))) == expected
    assert places(told("NotifyReport", report(entry({"value": "Available"}, component=component)))) == expected


@pytest.mark.parametrize(
    ("component", "name"),
    [
        (CONNECTOR, "Power"),
        ({"name": "Connector"}, "AvailabilityState"),
        ({"name": "Connector", "evse": {"id": 1}}, "AvailabilityState"),
        ({"name": "EVSE"}, "AvailabilityState"),
        ({"name": "TokenReader", "evse": {"id": 1, "connectorId": 1}}, "AvailabilityState"),
    ],
)
def test_other_components_and_variables_are_no_status(component: object, name: str, told: Callable[..., Any]) -> None:
    assert places(told("NotifyEvent", events(event(component=component, name=name)))) == []
    assert places(told("NotifyReport", report(entry({"value": "Available"}, component=component, name=name)))) == []


def test_the_variable_is_named_in_any_case(told: Callable[..., Any]) -> None:
    assert places(told("NotifyEvent", events(event(name="availabilitystate")))) == [(1, 2, "Available")]


def test_events_are_statuses_in_array_order(told: Callable[..., Any]) -> None:
    outcome = told("NotifyEvent", events(event("Occupied"), event("12", name="Power"), event("Available")))
    assert places(outcome) == [(1, 2, "Occupied"), (1, 2, "Available")]
    assert [one.sequence for one in outcome.events] == [0, 1]


def test_an_invalid_actual_value_is_answered_and_ignored(told: Callable[..., Any]) -> None:
    assert places(told("NotifyEvent", events(event("Charging"), event("Faulted"), event("")))) == [(1, 2, "Faulted")]


def test_technical_details_of_an_event_are_kept(told: Callable[..., Any]) -> None:
    detailed = event("Faulted") | {"techCode": "E\x007", "techInfo": "t" * 600}
    (reported,) = told("NotifyEvent", events(detailed)).events
    assert (reported.vendor_error_code, reported.info) == ("E7", "t" * 500)
    assert reported.reported_at == NOW - 1000


def test_one_bad_place_refuses_the_whole_frame(told: Callable[..., Any]) -> None:
    beyond = {"name": "Connector", "evse": {"id": 999, "connectorId": 1}}
    outcome = told("NotifyEvent", events(event(), event(component=beyond)))
    assert (outcome.events, outcome.error_code) == ((), "PropertyConstraintViolation")


def test_a_bad_place_of_another_variable_does_no_harm(told: Callable[..., Any]) -> None:
    beyond = {"name": "Connector", "evse": {"id": 999, "connectorId": 1}}
    outcome = told("NotifyEvent", events(event(), event("3", component=beyond, name="Power")))
    assert places(outcome) == [(1, 2, "Available")]


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ([{"value": "Occupied"}], ["Occupied"]),
        ([{"type": "Actual", "value": "Occupied"}], ["Occupied"]),
        ([{"type": None, "value": "Occupied"}], ["Occupied"]),
        ([{"type": "Target", "value": "Available"}, {"type": "Actual", "value": "Occupied"}], ["Occupied"]),
        ([{"type": "MaxSet", "value": "Available"}], []),
        ([{"type": "Actual"}], []),
        ([{"value": "Idle"}], []),
        ([], []),
    ],
)
def test_the_actual_value_of_a_report_counts(
    attributes: list[dict[str, Any]], words: list[str], told: Callable[..., Any]
) -> None:
    assert places(told("NotifyReport", report(entry(*attributes)))) == [(1, 2, word) for word in words]


def test_a_report_without_data_is_answered(told: Callable[..., Any]) -> None:
    assert places(told("NotifyReport", {"requestId": 1, "generatedAt": AT, "seqNo": 0})) == []
    assert places(told("NotifyReport", {"requestId": 1, "generatedAt": AT, "seqNo": 0, "reportData": None})) == []


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"eventData": [event(), {}]}, "OccurrenceConstraintViolation"),
        ({"eventData": ["x", event()]}, "TypeConstraintViolation"),
        ({"eventData": [event() | {"trigger": 7}]}, "TypeConstraintViolation"),
        ({"eventData": [event()], "generatedAt": None}, "OccurrenceConstraintViolation"),
        ({"eventData": [event(component={"name": 7})]}, "TypeConstraintViolation"),
        ({"eventData": [event(component={"name": "EVSE", "evse": {"id": "1"}})]}, "TypeConstraintViolation"),
        ({"eventData": [event(component={"name": "EVSE", "evse": {}})]}, "OccurrenceConstraintViolation"),
    ],
)
def test_a_broken_event_is_refused(broken: dict[str, Any], code: str, told: Callable[..., Any]) -> None:
    outcome = told("NotifyEvent", events() | broken)
    assert (outcome.events, outcome.error_code) == ((), code)


@pytest.mark.parametrize("action", ["NotifyEvent", "NotifyReport"])
@pytest.mark.parametrize(
    "entries",
    [
        [{}],
        ["x", 7, None, []],
        {},
        "x",
        [{"variable": 7}],
        [{"variable": {"name": 7}}],
        [{"variable": {"name": "Power"}, "component": 7}],
    ],
)
def test_what_is_not_about_availability_is_answered_whatever_it_lacks(
    action: str, entries: object, told: Callable[..., Any]
) -> None:
    outcome = told(action, {"eventData": entries, "reportData": entries})
    assert (outcome.events, outcome.error_code) == ((), None)


def many(*values: tuple[int, str]) -> dict[str, Any]:
    return events(*(event(word, component={"name": "EVSE", "evse": {"id": id}}) for id, word in values))


def test_of_many_values_of_one_place_in_a_frame_the_first_and_the_last_are_events(told: Callable[..., Any]) -> None:
    flood = [(1, "Available" if n % 2 else "Occupied") for n in range(999)]
    outcome = told("NotifyEvent", many(*flood, (2, "Faulted"), (1, "Reserved")))
    assert places(outcome) == [
        *((1, 0, word) for _, word in flood[:7]),
        (2, 0, "Faulted"),
        (1, 0, "Reserved"),
    ]
    assert [one.sequence for one in outcome.events] == list(range(9))
    assert outcome.left_out == 992


def test_eight_values_of_each_place_are_all_events(told: Callable[..., Any]) -> None:
    outcome = told("NotifyEvent", many(*[(1 + n % 255, "Available") for n in range(8 * 255)]))
    assert (len(outcome.events), outcome.left_out) == (8 * 255, 0)


def test_a_frame_about_more_places_than_a_charge_point_may_have_is_refused(told: Callable[..., Any]) -> None:
    connectors = [
        event(component={"name": "Connector", "evse": {"id": 1 + n // 10, "connectorId": n % 10}}) for n in range(256)
    ]
    for action, payload in (
        ("NotifyEvent", events(*connectors)),
        ("NotifyReport", report(*(entry({"value": "Available"}, component=one["component"]) for one in connectors))),
    ):
        outcome = told(action, payload)
        assert (outcome.events, outcome.error_code) == ((), "PropertyConstraintViolation")
    whole = event(component={"name": "ChargingStation"})
    assert len(told("NotifyEvent", events(whole, *connectors[1:])).events) == 256


def test_in_a_report_the_last_value_of_a_place_counts(told: Callable[..., Any]) -> None:
    said = [entry({"value": word}) for word in ["Available", "Occupied"] * 50]
    outcome = told("NotifyReport", report(*said))
    assert (places(outcome), outcome.left_out) == ([(1, 2, "Occupied")], 0)


def listed(number: object, *evse_ids: int, request: object = 1, more: object = False) -> dict[str, Any]:
    entries = [entry({"value": "Available"}, component={"name": "EVSE", "evse": {"id": id}}) for id in evse_ids]
    return report(*entries) | {"requestId": request, "seqNo": number, "tbc": more}


def inventories(session: Any, *parts: dict[str, Any]) -> list[tuple[tuple[int, ...], int]]:
    """The EVSEs and first sequences of the inventories that these frames complete."""
    outcomes = [session.receive(json.dumps([2, "1", "NotifyReport", part]), NOW) for part in parts]
    return [
        (one.evse_ids, one.first_sequence)
        for outcome in outcomes
        for one in outcome.events
        if isinstance(one, InventoryReported)
    ]


def test_a_whole_report_is_an_inventory_of_the_evses_that_it_lists(session: Callable[..., Any]) -> None:
    talk = session("ocpp2.0.1")
    parts = [listed(0, 3, more=True), listed(1, more=True), listed(2, 1, 2)]
    assert inventories(talk, listed(0, 1), *parts) == [((1,), 0), ((1, 2, 3), 2)]
    assert inventories(talk, listed(0)) == [], "it lists no EVSE"


@pytest.mark.parametrize(
    "parts",
    [
        [listed(0, 1, more=True)],
        [listed(1, 1)],
        [listed(0, 1, more=True), listed(2, 2)],
        [listed(0, 1, more=True), listed(1, 2, request=2)],
        [listed(0, 1, more=True), listed(1, 999, more=True), listed(2, 2)],
        [listed(0, 1, more=True), listed(1, 2, more=True), listed(1, 2)],
    ],
    ids=["more to come", "no beginning", "a gap", "of another request", "a part was refused", "a part twice"],
)
def test_a_report_that_is_not_whole_is_no_inventory(parts: list[dict[str, Any]], session: Callable[..., Any]) -> None:
    assert inventories(session("ocpp2.0.1"), *parts) == []


@pytest.mark.parametrize(
    "attribute", [{"value": "Charging"}, {"value": ""}, {}, {"type": "Target", "value": "Faulted"}]
)
def test_an_evse_with_a_connector_whose_word_nobody_knows_is_in_no_inventory(
    attribute: dict[str, str], session: Callable[..., Any]
) -> None:
    part = listed(0, 1, 2)
    part["reportData"].append(entry(attribute))
    assert inventories(session("ocpp2.0.1"), part) == [((2,), 0)], "connector 2 of EVSE 1 was listed, not left out"
    first, second = part | {"tbc": True}, listed(1, 1, 2)
    assert inventories(session("ocpp2.1"), first, second) == [((2,), 0)], "and whatever another part says"


def test_a_report_is_no_inventory_once_a_frame_beside_it_was_not_stored(session: Callable[..., Any]) -> None:
    talk = session("ocpp2.0.1")
    assert inventories(talk, listed(0, 1, more=True), listed(1, 2, more=True)) == []
    talk.internal_error("1")
    assert inventories(talk, listed(2, 3)) == [], "a connector may be listed in what was lost"
    assert inventories(talk, listed(0, 1)) != []


def test_a_number_is_an_integer_however_it_is_written(session: Callable[..., Any]) -> None:
    """2.x schemas are draft-06: 1.0 is an integer."""
    parts = [listed(0, 1, more=True) | {"seqNo": 0.0, "requestId": 1.0}, listed(1, 2) | {"seqNo": 1.0}]
    assert inventories(session("ocpp2.0.1"), *parts) == [((1, 2), 0)]


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
