from typing import Any

import pytest

from ingest.ocpp.errors import Code, OcppError
from ingest.ocpp.shapes import BOOLEAN, INTEGER, TIME, Kind, Shape, many, one, text, usual_word, word

INNER = Shape({"id!": INTEGER})
SHAPE = Shape(
    {
        "connectorId!": INTEGER,
        "status!": word({"Available", "Faulted"}),
        "errorCode": usual_word({"NoError"}),
        "info": text(5),
        "timestamp": TIME,
        "cleared": BOOLEAN,
        "evse": one(INNER),
        "data": many(INNER),
    }
)
GOOD = {"connectorId": 1, "status": "Available"}


def refusal(payload: dict[str, Any], *, strict: bool = False, shape: Shape = SHAPE) -> Code | None:
    try:
        shape.check(payload, strict=strict)
    except OcppError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"info": "hello", "errorCode": "NoError", "timestamp": "2024-05-01T12:34:56Z", "cleared": False},
        {"info": None, "evse": None, "data": None},
        {"connectorId": 1.0},
        {"evse": {"id": 1}, "data": [{"id": 1}, {"id": 2}]},
        {"data": []},
    ],
)
def test_what_fits_is_accepted_by_both(fields: dict[str, Any]) -> None:
    assert refusal(GOOD | fields) is None
    assert refusal(GOOD | fields, strict=True) is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"connectorId": None}, Code.OCCURRENCE),
        ({"evse": {}}, Code.OCCURRENCE),
        ({"data": [{"id": 1}, {}]}, Code.OCCURRENCE),
        ({"connectorId": "1"}, Code.TYPE),
        ({"connectorId": True}, Code.TYPE),
        ({"connectorId": 1.5}, Code.TYPE),
        ({"connectorId": float("inf")}, Code.TYPE),
        ({"status": 1}, Code.TYPE),
        ({"cleared": 1}, Code.TYPE),
        ({"info": ["x"]}, Code.TYPE),
        ({"timestamp": 0}, Code.TYPE),
        ({"evse": [{"id": 1}]}, Code.TYPE),
        ({"data": {"id": 1}}, Code.TYPE),
        ({"data": ["x"]}, Code.TYPE),
        ({"status": "available"}, Code.PROPERTY),
        ({"status": ""}, Code.PROPERTY),
    ],
)
def test_what_must_be_refused_is_refused_by_both(fields: dict[str, Any], code: Code) -> None:
    assert refusal(GOOD | fields) is code
    assert refusal(GOOD | fields, strict=True) is code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"vendorFoo": {"a": 1}}, Code.FORMAT),
        ({"evse": {"id": 1, "foo": 1}}, Code.FORMAT),
        ({"info": "longer"}, Code.PROPERTY),
        ({"errorCode": "Error"}, Code.PROPERTY),
        ({"timestamp": "yesterday"}, Code.PROPERTY),
        ({"timestamp": ""}, Code.PROPERTY),
    ],
)
def test_what_may_be_refused_is_refused_by_the_strict_only(fields: dict[str, Any], code: Code) -> None:
    assert refusal(GOOD | fields) is None
    assert refusal(GOOD | fields, strict=True) is code


def test_a_missing_required_field_is_named() -> None:
    with pytest.raises(OcppError, match="status is required"):
        SHAPE.check({"connectorId": 1}, strict=False)


@pytest.mark.parametrize(
    ("added", "payload", "code"),
    [
        ({"severity": INTEGER}, GOOD | {"severity": 8}, None),
        ({"severity": INTEGER}, {"connectorId": 1, "severity": 8}, Code.OCCURRENCE),
        ({"severity!": INTEGER}, GOOD, Code.OCCURRENCE),
        ({"info": text(50)}, GOOD | {"info": "x" * 50}, None),
        ({"status": text(50)}, {"connectorId": 1}, None),
        ({"info!": text(5)}, GOOD, Code.OCCURRENCE),
    ],
)
def test_an_extended_shape_has_the_new_fields_and_keeps_the_others(
    added: dict[str, Kind], payload: dict[str, Any], code: Code | None
) -> None:
    assert refusal(payload, strict=True, shape=SHAPE.extended(added)) is code
