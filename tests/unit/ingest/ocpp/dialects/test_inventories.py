import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.words.event import InventoryReported
from tests.unit.ingest.ocpp.dialects.said import NOW, entry, report


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
