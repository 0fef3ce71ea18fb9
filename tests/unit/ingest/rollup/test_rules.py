"""The rules by tables: connector → EVSE → charge point, and since when."""

from typing import Literal

import pytest

from ingest.rollup.fold import rules
from ingest.rollup.fold.rules import Connector0Mode
from ingest.rollup.fold.state import ChargePoint, Place, Report
from ingest.rollup.fold.view import viewed
from shared.words import instant
from shared.words.documents import ChargePointDocument
from shared.words.status import Connectivity, Reason, Status

Told = dict[Place, tuple[str, int]]  #: place → its word, and the sequence of the report


def charge_point(told: Told, connectivity: Connectivity = "ONLINE") -> ChargePoint:
    one = ChargePoint(key=7, id="CP1", connectivity=connectivity)
    for place, (reported, sequence) in told.items():
        one.know(place, Report(reported, None, None, None, None, 1000, 1000, None, 1000, (1, sequence)))
    return one


def document(
    told: Told, *, connectivity: Connectivity = "ONLINE", mode: Connector0Mode = "recency"
) -> ChargePointDocument:
    one = charge_point(told, connectivity)
    rules.settle(one, 2000, mode)
    return viewed(one, revision=1).document


def effective(shown: ChargePointDocument) -> dict[Place, tuple[Status, Reason]]:
    return {(evse.id, one.id): (one.status, one.reason) for evse in shown.evses for one in evse.connectors}


OVER_ONE_CONNECTOR: list[tuple[str, str, int, Connector0Mode, Status, Reason]] = [
    # connector (sequence 5), connector 0, its sequence, mode -> effective, reason
    ("Available", "Unavailable", 6, "recency", "UNAVAILABLE", "CONNECTOR_0"),
    ("Available", "Faulted", 6, "recency", "FAULTED", "CONNECTOR_0"),
    ("Reserved", "Unavailable", 6, "recency", "UNAVAILABLE", "CONNECTOR_0"),
    ("Available", "Available", 6, "recency", "AVAILABLE", "OWN"),
    ("Available", "Unavailable", 4, "recency", "AVAILABLE", "OWN"),
    ("Available", "Unavailable", 4, "strict", "UNAVAILABLE", "CONNECTOR_0"),
    ("Available", "Unavailable", 6, "ignore", "AVAILABLE", "OWN"),
    ("Charging", "Unavailable", 6, "recency", "OCCUPIED", "OWN"),
    ("Charging", "Faulted", 6, "strict", "OCCUPIED", "OWN"),
    ("Faulted", "Unavailable", 6, "recency", "FAULTED", "OWN"),
    ("Unavailable", "Faulted", 6, "strict", "UNAVAILABLE", "OWN"),
    ("Available", "Occupied", 6, "recency", "AVAILABLE", "OWN"),
    ("Available", "Reserved", 6, "strict", "AVAILABLE", "OWN"),
    ("Humming", "Unavailable", 6, "recency", "UNKNOWN", "OWN"),
]


@pytest.mark.parametrize(("word", "whole", "sequence", "mode", "status", "reason"), OVER_ONE_CONNECTOR)
def test_connector_0_overrules_only_what_is_usable(
    word: str, whole: str, sequence: int, mode: Connector0Mode, status: Status, reason: Reason
) -> None:
    shown = document({(1, 1): (word, 5), (0, 0): (whole, sequence)}, mode=mode)
    assert effective(shown) == {(1, 1): (status, reason)}
    assert shown.evses[0].status == status


OVER_AN_EVSE: list[tuple[str, tuple[str, int], tuple[str, int] | None, Status, Reason]] = [
    # connector (sequence 5), EVSE, connector 0 -> effective, reason
    ("Available", ("Unavailable", 6), None, "UNAVAILABLE", "EVSE"),
    ("Available", ("Faulted", 6), None, "FAULTED", "EVSE"),
    ("Available", ("Unavailable", 4), None, "AVAILABLE", "OWN"),
    ("Available", ("Occupied", 6), None, "UNAVAILABLE", "EVSE"),
    ("Available", ("Reserved", 6), None, "UNAVAILABLE", "EVSE"),
    ("Available", ("Occupied", 4), None, "AVAILABLE", "OWN"),
    ("Faulted", ("Available", 6), None, "FAULTED", "OWN"),
    ("Occupied", ("Unavailable", 6), None, "OCCUPIED", "OWN"),
    ("Available", ("Faulted", 6), ("Unavailable", 7), "FAULTED", "EVSE"),
    ("Available", ("Unavailable", 7), ("Faulted", 6), "FAULTED", "CONNECTOR_0"),
]


@pytest.mark.parametrize(("word", "evse", "whole", "status", "reason"), OVER_AN_EVSE)
def test_an_evse_overrules_its_connectors_and_a_fault_stays_a_fault(
    word: str, evse: tuple[str, int], whole: tuple[str, int] | None, status: Status, reason: Reason
) -> None:
    told: Told = {(1, 1): (word, 5), (1, 0): evse, (2, 1): ("Available", 9)}
    shown = document(told | ({(0, 0): whole} if whole else {}))
    assert effective(shown)[1, 1] == (status, reason)
    assert effective(shown)[2, 1] == ("AVAILABLE", "OWN"), "another EVSE reported after all that"


IN_ONE_EVSE: list[tuple[list[str], Status, list[tuple[Status, Reason]]]] = [
    (["Available", "Available"], "AVAILABLE", [("AVAILABLE", "OWN"), ("AVAILABLE", "OWN")]),
    (["Occupied", "Available"], "OCCUPIED", [("OCCUPIED", "OWN"), ("UNAVAILABLE", "SIBLING_IN_USE")]),
    (["Reserved", "Available"], "RESERVED", [("RESERVED", "OWN"), ("UNAVAILABLE", "SIBLING_IN_USE")]),
    (["Faulted", "Available"], "AVAILABLE", [("FAULTED", "OWN"), ("AVAILABLE", "OWN")]),
    (["Unavailable", "Faulted"], "FAULTED", [("UNAVAILABLE", "OWN"), ("FAULTED", "OWN")]),
    (["Occupied", "Reserved"], "OCCUPIED", [("OCCUPIED", "OWN"), ("RESERVED", "OWN")]),
    (["Occupied", "Faulted"], "OCCUPIED", [("OCCUPIED", "OWN"), ("FAULTED", "OWN")]),
    (["Unavailable", "Humming"], "UNKNOWN", [("UNAVAILABLE", "OWN"), ("UNKNOWN", "OWN")]),
]


@pytest.mark.parametrize(("reported", "evse", "connectors"), IN_ONE_EVSE)
def test_one_evse_serves_one_car(reported: list[str], evse: Status, connectors: list[tuple[Status, Reason]]) -> None:
    shown = document({(1, number): (word, number) for number, word in enumerate(reported, start=1)})
    assert shown.evses[0].status == evse
    assert list(effective(shown).values()) == connectors


def test_a_16_connector_is_an_evse_of_its_own_and_no_sibling() -> None:
    shown = document({(1, 1): ("Charging", 1), (2, 1): ("Available", 2)})
    assert effective(shown) == {(1, 1): ("OCCUPIED", "OWN"), (2, 1): ("AVAILABLE", "OWN")}
    assert (shown.status, shown.health, shown.partially_available) == ("AVAILABLE", "OK", True)
    assert shown.counts == {"AVAILABLE": 1, "OCCUPIED": 1}


@pytest.mark.parametrize("connectivity", ["OFFLINE", "NEVER"])
def test_nothing_is_known_of_a_charge_point_that_is_not_connected(
    connectivity: Literal["OFFLINE", "NEVER"],
) -> None:
    shown = document({(0, 0): ("Available", 9), (1, 1): ("Charging", 1)}, connectivity=connectivity)
    assert effective(shown) == {(1, 1): ("UNKNOWN", "OFFLINE")}
    assert (shown.status, shown.health, shown.counts) == ("UNKNOWN", "UNKNOWN", {"UNKNOWN": 1})
    assert shown.evses[0].connectors[0].normalized == "OCCUPIED", "the charger's own word stays"


AT_A_CHARGE_POINT: list[tuple[list[str], Status, str]] = [
    (["Available", "Faulted"], "AVAILABLE", "DEGRADED"),
    (["Occupied", "Reserved"], "OCCUPIED", "OK"),
    (["Reserved", "Faulted"], "RESERVED", "DEGRADED"),
    (["Faulted", "Unavailable"], "FAULTED", "DOWN"),
    (["Unavailable", "Unavailable"], "UNAVAILABLE", "DOWN"),
    (["Humming", "Faulted"], "UNKNOWN", "DOWN"),
    (["Humming"], "UNKNOWN", "UNKNOWN"),
]


@pytest.mark.parametrize(("reported", "status", "health"), AT_A_CHARGE_POINT)
def test_status_is_the_drivers_view_and_health_the_operators(reported: list[str], status: Status, health: str) -> None:
    shown = document({(number, 1): (word, number) for number, word in enumerate(reported, start=1)})
    assert (shown.status, shown.health) == (status, health)


ONLY_CONNECTOR_0: list[tuple[str, Connectivity, Status]] = [
    ("Available", "ONLINE", "AVAILABLE"),
    ("Unavailable", "ONLINE", "UNAVAILABLE"),
    ("Faulted", "ONLINE", "FAULTED"),
    ("Available", "OFFLINE", "UNKNOWN"),
    ("Charging", "ONLINE", "UNKNOWN"),
]


@pytest.mark.parametrize(("whole", "connectivity", "status"), ONLY_CONNECTOR_0)
def test_without_any_evse_connector_0_speaks_for_the_charge_point(
    whole: str, connectivity: Connectivity, status: Status
) -> None:
    shown = document({(0, 0): (whole, 1)}, connectivity=connectivity)
    assert (shown.status, shown.counts, shown.health, shown.evses) == (status, {}, "UNKNOWN", ())
    assert shown.connector0 is not None
    assert shown.connector0.reported == whole


def test_nothing_reported_is_unknown() -> None:
    shown = document({})
    assert (shown.status, shown.health, shown.counts, shown.connector0) == ("UNKNOWN", "UNKNOWN", {}, None)


def test_an_evse_without_known_connectors_has_its_own_report() -> None:
    shown = document({(3, 0): ("Occupied", 1)})
    assert [(evse.id, evse.status, evse.reported, evse.connectors) for evse in shown.evses] == [
        (3, "OCCUPIED", "Occupied", ())
    ]
    assert shown.counts == {"OCCUPIED": 1}


def test_connector_0_overrules_an_evse_without_known_connectors_too() -> None:
    assert document({(3, 0): ("Available", 1), (0, 0): ("Faulted", 2)}).status == "FAULTED"
    assert document({(3, 0): ("Available", 2), (0, 0): ("Faulted", 1)}).status == "AVAILABLE"


def test_since_moves_with_the_status_and_not_with_its_reason() -> None:
    one = charge_point({(1, 1): ("Available", 1), (1, 2): ("Available", 2)})
    rules.settle(one, 2000, "recency")
    one.know((1, 1), one.reports[1, 1]._replace(reported="Occupied", version=(1, 3)))
    rules.settle(one, 3000, "recency")
    assert one.connectors[1, 2] == ("UNAVAILABLE", "SIBLING_IN_USE", 3000)
    one.know((0, 0), one.reports[1, 1]._replace(reported="Unavailable", version=(1, 4)))
    rules.settle(one, 4000, "recency")
    assert one.connectors[1, 1] == ("OCCUPIED", "OWN", 3000), "nothing changed for it"
    assert one.connectors[1, 2] == ("UNAVAILABLE", "CONNECTOR_0", 3000), "the same status for another reason"
    assert one.evses[1] == ("OCCUPIED", "OWN", 3000)
    one.connectivity = "OFFLINE"
    rules.settle(one, 5000, "recency")
    assert set(one.connectors.values()) == {("UNKNOWN", "OFFLINE", 5000)}
    assert viewed(one, 1).document.evses[0].since == instant.to_text(5000)


def test_the_order_in_which_places_became_known_does_not_show() -> None:
    told: Told = {(2, 1): ("Available", 1), (1, 2): ("Available", 2), (1, 1): ("Occupied", 3), (10, 1): ("Faulted", 4)}
    shown = document(told)
    assert shown == document(dict(sorted(told.items())))
    assert [evse.id for evse in shown.evses] == [1, 2, 10]
    assert [connector.id for connector in shown.evses[0].connectors] == [1, 2]


def test_counts_are_of_evses_and_apart_of_connectors() -> None:
    one = charge_point({(1, 1): ("Occupied", 1), (1, 2): ("Available", 2), (2, 1): ("Available", 3)})
    rules.settle(one, 2000, "recency")
    view = viewed(one, revision=1)
    assert view.evse_counts == {"AVAILABLE": 1, "OCCUPIED": 1}
    assert view.connector_counts == {"AVAILABLE": 1, "OCCUPIED": 1, "UNAVAILABLE": 1}


def test_a_charge_point_says_since_when_it_has_its_status_and_an_event_that_changes_none_leaves_it() -> None:
    one = charge_point({(1, 1): ("Available", 1), (2, 1): ("Charging", 2)})
    for at, word, place, since in (
        (2000, "Available", (1, 1), 2000),
        (3000, "Charging", (2, 1), 2000),
        (4000, "Charging", (1, 1), 4000),
        (5000, "Faulted", (2, 1), 4000),
        (6000, "Available", (1, 1), 6000),
    ):
        one.know(place, one.reports[place]._replace(reported=word))
        rules.settle(one, at, "recency", (1, 2))
        assert viewed(one, 1).document.since == instant.to_text(since), (at, word)
    one.connectivity = "OFFLINE"
    rules.settle(one, 7000, "recency")
    shown = viewed(one, 1).document
    assert (shown.status, shown.since) == ("UNKNOWN", instant.to_text(7000))
