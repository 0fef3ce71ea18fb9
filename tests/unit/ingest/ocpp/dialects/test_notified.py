from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.ingest.ocpp.dialects.said import AT, CONNECTOR, NOW, entry, event, events, places, report


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
