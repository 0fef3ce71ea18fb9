"""The bytes on the topic: what a gateway writes is what the schema says and what a rollup reads."""

import json
import string
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from shared.codec import decode, encode
from shared.errors import Newer, Poison
from shared.event import (
    Booted,
    CommandAnswered,
    CommandKind,
    CommandResult,
    EndReason,
    Event,
    SessionBegan,
    SessionEnded,
    StatusReported,
    type_version,
)

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "shared" / "event.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)

instants = st.integers(0, 2**53)
numbers = st.integers(0, 255)
words = st.text(max_size=60)
maybe_words = st.none() | words
ids = st.text(sorted(set(string.printable[:95]) - set("/:")), min_size=1, max_size=48)
header: dict[str, st.SearchStrategy[Any]] = {
    "charge_point_id": ids,
    "charge_point_key": st.integers(0, 2**63 - 1),
    "epoch": instants,
    "sequence": st.integers(0, 2**31),
    "received_at": instants,
    "gateway_id": words,
    "protocol": st.sampled_from(("ocpp1.6", "ocpp2.0.1", "ocpp2.1")),
}
kinds: dict[str, st.SearchStrategy[Event]] = {
    "session_began": st.builds(SessionBegan, **header),
    "session_ended": st.builds(
        SessionEnded, **header, reason=st.sampled_from(get_args(EndReason)), last_seen_at=instants
    ),
    "booted": st.builds(
        Booted, **header, vendor=words, model=words, serial=maybe_words, firmware=maybe_words, reason=maybe_words
    ),
    "status_reported": st.builds(
        StatusReported,
        **header,
        evse_id=numbers,
        connector_id=numbers,
        reported=words,
        error_code=maybe_words,
        vendor_error_code=maybe_words,
        info=maybe_words,
        reported_at=st.none() | st.integers(-(2**53), 2**53),
        reported_at_text=maybe_words,
    ),
    "command_answered": st.builds(
        CommandAnswered,
        **header,
        command=st.sampled_from(get_args(CommandKind)),
        evse_id=numbers,
        connector_id=numbers,
        operative=st.booleans(),
        intent=instants,
        result=st.sampled_from(get_args(CommandResult)),
    ),
}
events = st.one_of(*kinds.values())

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
        record(sequence=-1),
    ],
)
def test_json_that_is_no_event_is_poison(value: bytes) -> None:
    assert reason_of(value) == "invalid"


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
