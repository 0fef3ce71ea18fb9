"""The bytes on the topic: what a gateway writes is what the schema says and what a rollup reads."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from shared.words.codec import decode, encode
from shared.words.errors import Newer, Poison
from shared.words.event import Event, type_version
from shared.words.instant import EARLIEST, LATEST
from tests.strategies import ODD_TEXTS, events, kinds

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "shared" / "words" / "event.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)

EXAMPLE: dict[str, Any] = {
    "kind": "status_reported",
    "v": 1,
    "charge_point_id": "CP1",
    "charge_point_key": 7,
    "epoch": 1_764_000_000_000,
    "sequence": 3,
    "received_at": 1_764_000_000_123,
    "gateway_id": "gateway-1",
    "protocol": "ocpp1.6",
    "evse_id": 1,
    "connector_id": 1,
    "reported": "Charging",
}


def record(**changes: object) -> bytes:
    return json.dumps(EXAMPLE | changes).encode()


def reason_of(value: bytes | None) -> str:
    with pytest.raises(Poison) as refused:
        decode(value)
    return refused.value.reason


@given(events)
def test_an_event_comes_back_as_it_was_written(event: Event) -> None:
    assert decode(encode(event)) == event


@given(events)
def test_what_is_written_is_valid_by_the_published_schema(event: Event) -> None:
    VALIDATOR.validate(json.loads(encode(event)))


def test_the_published_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("kind", kinds)
def test_the_published_schema_has_the_fields_of_the_event(kind: str) -> None:
    generated = msgspec.json.schema(Event)
    name = generated["discriminator"]["mapping"][kind]
    ours, published = generated["$defs"][name.rpartition("/")[2]], SCHEMA["$defs"][kind]
    shared_part = SCHEMA["$defs"]["header"]
    assert set(ours["properties"]) == set(shared_part["properties"]) | set(published["properties"])
    assert {"v", *ours["required"]} == {*shared_part["required"], *published.get("required", ())}


def resolved(definition: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A field's definition with what it refers to, and what it is when it is not null."""
    definition = next((one for one in definition.get("anyOf", ()) if one != {"type": "null"}), definition)
    return definitions[definition["$ref"].rpartition("/")[2]] if "$ref" in definition else definition


@pytest.mark.parametrize("kind", kinds)
def test_the_published_schema_has_the_bounds_of_the_event(kind: str) -> None:
    generated = msgspec.json.schema(Event)
    name = generated["discriminator"]["mapping"][kind].rpartition("/")[2]
    published = SCHEMA["$defs"]["header"]["properties"] | SCHEMA["$defs"][kind]["properties"]
    for field, definition in generated["$defs"][name]["properties"].items():
        if field == "charge_point_id":
            continue  # the published form says it with a pattern
        ours = resolved(definition, generated["$defs"])
        theirs = resolved(published[field], SCHEMA["$defs"])
        for bound in ("minimum", "maximum", "maxLength", "minLength", "maxItems", "minItems"):
            assert theirs.get(bound) == ours.get(bound), (field, bound)
        if field not in ("kind", "v", "reported_at"):
            assert {"maximum", "maxLength", "enum", "maxItems"} & set(ours) or ours["type"] == "boolean", "no bound"


@given(events, st.data())
def test_a_record_without_a_required_field_is_poison(event: Event, data: st.DataObject) -> None:
    fields = json.loads(encode(event))
    definition = SCHEMA["$defs"][fields["kind"]]
    required = {*SCHEMA["$defs"]["header"]["required"], *definition.get("required", ())} - {"v"}
    del fields[data.draw(st.sampled_from(sorted(required)))]
    assert not VALIDATOR.is_valid(fields)
    assert reason_of(json.dumps(fields).encode()) == "invalid"


@given(st.binary())
def test_any_bytes_are_an_event_or_poison(value: bytes) -> None:
    assert reason_of(value) in {"empty", "malformed", "invalid"}


@pytest.mark.parametrize("value", [None, b""])
def test_a_record_without_a_value_is_poison(value: bytes | None) -> None:
    assert reason_of(value) == "empty"


@pytest.mark.parametrize(
    "value", [b"{", b"\xff", record()[:-1], record() + b"x", record(reported="A").replace(b'"A"', b'"\xff"')]
)
def test_a_record_that_is_not_json_is_poison(value: bytes) -> None:
    assert reason_of(value) == "malformed"


@pytest.mark.parametrize(
    "value",
    [
        b"[]",
        b"null",
        record(kind="status_guessed"),
        record(evse_id="1"),
        record(evse_id=1.5),
        record(reported=None),
        record(epoch=-1),
        record(epoch=LATEST + 1),
        record(sequence=-1),
        record(sequence=2**63),
        record(charge_point_key=-1),
        record(charge_point_key=-(2**63) - 1),
        record(charge_point_key=2**63),
        record(charge_point_key=10**100),
        record(charge_point_id=""),
        record(charge_point_id="x" * 49),
        record(received_at=EARLIEST - 1),
        record(received_at=LATEST + 1),
        record(evse_id=256),
        record(connector_id=-1),
        record(reported="x" * 51),
        record(info="x" * 501),
        record(reported_at_text="x" * 65),
        record(gateway_id="x" * 256),
        record(info="a\0b"),
        record(reported_at_text="\0"),
    ],
)
def test_json_that_is_no_event_is_poison(value: bytes) -> None:
    assert reason_of(value) == "invalid"


@pytest.mark.parametrize("at", [EARLIEST - 1, LATEST + 1, -62_135_596_800_000, 253_402_300_799_999, 2**70, -(2**70)])
def test_a_reported_time_out_of_bounds_is_kept_as_text_only(at: int) -> None:
    """Gateways that are not upgraded yet write such times, and a status is not to be lost for its clock."""
    event = decode(record(reported_at=at, reported_at_text="0001-01-01T00:00:00Z"))
    assert event == decode(record(reported_at_text="0001-01-01T00:00:00Z"))


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_no_text_but_one_with_a_nul_is_taken_for_one(text: str) -> None:
    event = decode(record(info=text))
    assert decode(encode(event)) == event


def test_deep_nesting_is_poison() -> None:
    deep = b"[" * 100_000
    assert reason_of(deep) in {"malformed", "invalid"}
    assert reason_of(record(more=0).replace(b'"more": 0', b'"more": ' + deep)) == "malformed"


def test_a_property_that_nobody_knows_is_ignored() -> None:
    assert decode(record(colour="red")) == decode(record())
    VALIDATOR.validate(EXAMPLE | {"colour": "red"})


@pytest.mark.parametrize("changes", [{}, {"kind": "invented_later"}, {"evse_id": "one"}])
def test_a_record_of_a_later_version_is_newer_and_not_poison(changes: dict[str, object]) -> None:
    with pytest.raises(Newer, match=str(type_version + 1)):
        decode(record(v=type_version + 1, **changes))
