from typing import Any

import pytest

from ingest.ocpp.errors import Code, OcppError
from ingest.ocpp.shapes import (
    ANYTHING,
    BOOLEAN,
    INTEGER,
    NUMBER,
    TEXT,
    TIME,
    WHOLE,
    Shape,
    array,
    names,
    number,
    record,
    text,
    whole,
    word,
)
from ingest.ocpp.shapes.leniency import lenient

INNER = record({"id!": INTEGER})
SHAPE = Shape(
    {
        "connectorId!": INTEGER,
        "status!": word("Available Faulted"),
        "errorCode": word("NoError"),
        "info": text(5),
        "timestamp": TIME,
        "cleared": BOOLEAN,
        "seqNo": WHOLE,
        "severity": whole(least=0, most=9),
        "power": number(most=1.5),
        "any": ANYTHING,
        "evse": INNER,
        "data": array(INNER, least=1, most=2),
        "texts": array(TEXT, most=2),
        "customData": record({"vendorId!": TEXT}, closed=False),
    }
)
GOOD = {"connectorId": 1, "status": "Available"}


def refusal(payload: dict[str, Any], shape: Shape = SHAPE) -> Code | None:
    try:
        shape.check(payload)
    except OcppError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"info": "hello", "errorCode": "NoError", "timestamp": "2024-05-01T12:34:56Z", "cleared": False},
        {"seqNo": 1.0, "severity": 9.0, "power": 1},
        {"any": None},
        {"any": [1]},
        {"evse": {"id": 1}, "data": [{"id": 1}, {"id": 2}], "texts": []},
        {"customData": {"vendorId": "V", "more": 1}},
    ],
)
def test_what_fits_is_accepted_by_both(fields: dict[str, Any]) -> None:
    assert refusal(GOOD | fields) is None
    assert refusal(GOOD | fields, lenient(SHAPE)) is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"evse": {}}, Code.OCCURRENCE),
        ({"data": [{"id": 1}, {}]}, Code.OCCURRENCE),
        ({"connectorId": "1"}, Code.TYPE),
        ({"connectorId": True}, Code.TYPE),
        ({"connectorId": 1.5}, Code.TYPE),
        ({"connectorId": float("inf")}, Code.TYPE),
        ({"seqNo": 1.5}, Code.TYPE),
        ({"status": 1}, Code.TYPE),
        ({"cleared": 1}, Code.TYPE),
        ({"info": ["x"]}, Code.TYPE),
        ({"timestamp": 0}, Code.TYPE),
        ({"evse": [{"id": 1}]}, Code.TYPE),
        ({"data": {"id": 1}}, Code.TYPE),
        ({"data": ["x"]}, Code.TYPE),
        ({"data": [None]}, Code.TYPE),
        ({"customData": 1}, Code.TYPE),
        ({"status": "available"}, Code.PROPERTY),
        ({"status": ""}, Code.PROPERTY),
    ],
)
def test_what_must_be_refused_is_refused_by_both(fields: dict[str, Any], code: Code) -> None:
    assert refusal(GOOD | fields) is code
    assert refusal(GOOD | fields, lenient(SHAPE)) is code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"vendorFoo": {"a": 1}}, Code.FORMAT),
        ({"evse": {"id": 1, "foo": 1}}, Code.FORMAT),
        ({"info": "longer"}, Code.PROPERTY),
        ({"errorCode": "Error"}, Code.PROPERTY),
        ({"timestamp": "yesterday"}, Code.PROPERTY),
        ({"timestamp": ""}, Code.PROPERTY),
        ({"severity": 10}, Code.PROPERTY),
        ({"severity": -1.0}, Code.PROPERTY),
        ({"power": 1.75}, Code.PROPERTY),
        ({"data": []}, Code.OCCURRENCE),
        ({"data": [{"id": 1}] * 3}, Code.OCCURRENCE),
        ({"texts": ["a"] * 3}, Code.OCCURRENCE),
        ({"texts": [1]}, Code.TYPE),
        ({"connectorId": 1.0}, Code.TYPE),
        ({"info": None}, Code.TYPE),
        ({"evse": None}, Code.TYPE),
        ({"customData": {}}, Code.OCCURRENCE),
    ],
)
def test_what_may_be_refused_is_refused_by_the_official_shape_only(fields: dict[str, Any], code: Code) -> None:
    assert refusal(GOOD | fields) is code
    assert refusal(GOOD | fields, lenient(SHAPE)) is None


@pytest.mark.parametrize("payload", [{"connectorId": 1}, {"connectorId": 1, "status": None}])
def test_a_required_field_that_is_missing_is_named(payload: dict[str, Any]) -> None:
    with pytest.raises(OcppError, match="status is required"):
        lenient(SHAPE).check(payload)


def test_a_null_is_of_a_wrong_type_where_it_is_not_an_absent_field() -> None:
    assert refusal({"connectorId": 1, "status": None}) is Code.TYPE
    assert refusal({"connectorId": 1}) is Code.OCCURRENCE


def test_a_number_is_not_true() -> None:
    assert refusal({"a": True}, Shape({"a": NUMBER})) is Code.TYPE


def test_names_are_written_with_spaces_between_them() -> None:
    assert names("Available Faulted") == {"Available", "Faulted"}
    assert word("Available Faulted").words == {"Available", "Faulted"}
