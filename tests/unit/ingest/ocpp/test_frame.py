import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.ocpp import frame
from ingest.ocpp.frame import BadAnswer, BadCall, Blank, Call, CallError, CallResult, CallResultError, Send, UnknownType

OLD = frozenset({2, 3, 4})
NEW = frozenset({2, 3, 4, 5, 6})

ANY_TEXT = st.text(alphabet=st.characters() | st.sampled_from("\0\ud800\udfff\ufeff"))
ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=20,
)


def test_a_call_is_read() -> None:
    assert frame.parse('[2,"1","Heartbeat",{}]', OLD) == Call("1", "Heartbeat", {})
    assert frame.parse(b'[2,"1","Heartbeat",null]', OLD) == Call("1", "Heartbeat", None)
    assert frame.parse('\n [ 2 ,\t"1",\r\n"Heartbeat", { } ]\n', OLD) == Call("1", "Heartbeat", {})
    assert frame.parse(f'[2,"{"i" * 36}","Heartbeat",{{}}]', OLD) == Call("i" * 36, "Heartbeat", {})


@pytest.mark.parametrize("text", ["", " ", "\n\t ", b"", b" \r\n"])
def test_a_blank_frame_is_blank(text: str | bytes) -> None:
    assert frame.parse(text, NEW) == Blank()


def test_a_byte_order_mark_is_ignored() -> None:
    assert frame.parse('\ufeff[2,"1","Heartbeat",{}]', OLD) == Call("1", "Heartbeat", {})
    assert frame.parse('\ufeff[2,"1","Heartbeat",{}]'.encode(), OLD) == Call("1", "Heartbeat", {})


def test_half_a_surrogate_pair_does_not_lose_the_frame() -> None:
    assert frame.parse(r'[2,"1","X",{"info":"a\ud800b"}]', OLD) == Call("1", "X", {"info": "a\ud800b"})


def test_the_last_of_two_equal_keys_counts_on_both_roads() -> None:
    assert frame.parse('[2,"1","X",{"a":1,"a":2}]', OLD) == Call("1", "X", {"a": 2})
    assert frame.parse('\ufeff[2,"1","X",{"a":1,"a":2}]', OLD) == Call("1", "X", {"a": 2})


@pytest.mark.parametrize(
    "text",
    [
        '[2,"1","Heartbeat",{',
        "hello",
        '[2,"1","X",{"a":NaN}]',
        '[2,"1","X",{"a":-Infinity}]',
        '[2,"1","X",' + "[" * 100_000 + "]" * 100_000 + "]",
        "[" * 200_000,
        '[2,"1","X",' + "9" * 5000 + "]",
        b"\xff\xfe[",
        b'[2,"1","X","\xff"]',
        '[2,"1","X",\'x\']',
        '[2,"1","X",{}] [3]',
        '"\ud800',
    ],
)
def test_what_is_not_json_is_a_bad_call_without_an_id(text: str | bytes) -> None:
    assert frame.parse(text, NEW) == BadCall(None, "not JSON")


@pytest.mark.parametrize(
    "text", ["null", "true", "2", '"hi"', "{}", "[]", "[null]", '["2"]', "[[2]]", '[true,"1","X",{}]', "[2.5]"]
)
def test_json_that_is_no_frame_is_a_bad_call_without_an_id(text: str) -> None:
    assert frame.parse(text, NEW) == BadCall(None, "not an OCPP-J frame")


@pytest.mark.parametrize(
    ("text", "message_id"),
    [
        ("[2]", None),
        ('[2,"1"]', "1"),
        ('[2,"1","Heartbeat"]', "1"),
        ('[2,"1","Heartbeat",{},"extra"]', "1"),
        ('[2,"1",["Heartbeat"],{}]', "1"),
        ('[2,"1",null,{}]', "1"),
        ('[2,1,"Heartbeat",{}]', None),
        ('[2,null,"Heartbeat",{}]', None),
        (f'[2,"{"i" * 37}","Heartbeat",{{}}]', "i" * 37),
    ],
)
def test_a_call_that_is_none_keeps_the_id_if_there_is_one(text: str, message_id: str | None) -> None:
    bad = frame.parse(text, NEW)
    assert isinstance(bad, BadCall)
    assert bad.id == message_id


def test_answers_are_read() -> None:
    assert frame.parse('[3,"1",{"status":"Accepted"}]', OLD) == CallResult("1", {"status": "Accepted"})
    assert frame.parse('[4,"1","NotSupported","no",{}]', OLD) == CallError("1", "NotSupported", "no")
    assert frame.parse('[5,"1","FormatViolation","no",{}]', NEW) == CallResultError()
    assert frame.parse('[6,"1","NotifyPeriodicEventStream",{}]', NEW) == Send()


def test_a_callerror_without_description_or_details_is_still_one() -> None:
    assert frame.parse('[4,"1","NotSupported"]', OLD) == CallError("1", "NotSupported", "")
    assert frame.parse('[4,"1","NotSupported",null,{}]', OLD) == CallError("1", "NotSupported", "")


@pytest.mark.parametrize("text", ["[3]", "[3,1,{}]", "[4]", "[5]", "[6]", '[6,"1","X"]'])
def test_a_malformed_answer_is_no_call(text: str) -> None:
    assert frame.parse(text, NEW) == BadAnswer(None)


@pytest.mark.parametrize("text", ['[3,"1"]', '[3,"1",{},{}]', '[4,"1"]', '[4,"1",5,"",{}]'])
def test_a_malformed_answer_keeps_the_id_if_there_is_one(text: str) -> None:
    assert frame.parse(text, OLD) == BadAnswer("1")


@pytest.mark.parametrize(
    ("text", "types", "message_id"),
    [
        ('[7,"1","X",{}]', NEW, "1"),
        ('[6,"1","X",{}]', OLD, "1"),
        ("[0]", NEW, None),
        ("[-1,2]", NEW, None),
        (f"[{10**30}]", NEW, None),
    ],
)
def test_a_type_that_the_version_does_not_have_is_unknown(
    text: str, types: frozenset[int], message_id: str | None
) -> None:
    assert frame.parse(text, types) == UnknownType(message_id)


@given(ANY_TEXT | st.binary())
def test_no_text_makes_the_reading_raise(text: str | bytes) -> None:
    frame.parse(text, NEW)


@given(ANY_JSON)
def test_no_json_makes_the_reading_raise(value: Any) -> None:
    frame.parse(json.dumps(value), NEW)


@given(st.lists(ANY_JSON, max_size=5), st.sampled_from([2, 3, 4, 5, 6, 7]))
def test_no_array_makes_the_reading_raise(rest: list[Any], kind: int) -> None:
    frame.parse(json.dumps([kind, *rest]), NEW)


@given(ANY_TEXT)
def test_any_id_is_echoed_as_it_came(message_id: str) -> None:
    assert json.loads(frame.result(message_id, b"{}")) == [3, message_id, {}]
    assert json.loads(frame.error(message_id, "GenericError", "no", {})) == [4, message_id, "GenericError", "no", {}]


def test_half_a_surrogate_pair_in_an_id_goes_back_escaped() -> None:
    assert frame.result("a\ud800", b"{}") == rb'[3,"a\ud800",{}]'


def test_a_callerror_has_five_elements_and_a_short_description() -> None:
    assert json.loads(frame.error("1", "GenericError", "x" * 300, {"a": 1})) == [
        4,
        "1",
        "GenericError",
        "x" * 255,
        {"a": 1},
    ]


def test_a_call_of_ours_is_an_array_of_four() -> None:
    assert frame.call("7-1", "Reset", {"type": "Hard"}) == b'[2,"7-1","Reset",{"type":"Hard"}]'


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ('[3,"1",{}]', True),
        (' [\n 4 , "1","GenericError","",{}]', True),
        ("[3,", True),
        ('[2,"1","Heartbeat",{}]', False),
        ('[30,"1",{}]', False),
        ('[5,"1","GenericError","",{}]', False),
        ('[[3,"1",{}]]', False),
        ("[3]", False),
        ("", False),
    ],
)
def test_an_answer_is_known_by_its_beginning(text: str, is_one: bool) -> None:
    assert frame.is_answer(text) is is_one
