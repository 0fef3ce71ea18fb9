"""Whatever a charger sends, the session says something sane: events the topic takes, a reply that is a frame."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.ocpp.commands import ChangeAvailability
from ingest.ocpp.session import Policy, Session
from ingest.ocpp.versions import DIALECTS
from shared.words import codec
from shared.words.event import StatusReported
from tests.strategies import frames

NOW = 1_800_000_000_000
INOPERATIVE = ChangeAvailability(operative=False, evse_id=2, connector_id=1, intent=9)

ANY_TEXT = st.text(alphabet=st.characters() | st.sampled_from("\0\ud800\udfff\ufeff"))
ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=10,
)

ACTIONS = [(name, action) for dialect in DIALECTS.values() for name, action in dialect.actions.items()]
ACTION = st.sampled_from(sorted({name for name, _ in ACTIONS} | {"Reset", "FooBar"}))
FIELD = st.sampled_from(sorted({field for _, action in ACTIONS for field in action.shape.fields}))


def fresh(protocol: str, *, strict: bool) -> Session:
    return Session(
        protocol=protocol,
        charge_point_id="CP1",
        charge_point_key=7,
        epoch=1000,
        gateway_id="gw-1",
        registration="ACCEPTED",
        policy=Policy(strict=strict),
        transaction_id=lambda: 1,
    )


def sane(talk: Session, text: str | bytes) -> None:
    """A frame yields events that the topic takes, and at most one reply, which is a frame."""
    outcome = talk.receive(text, NOW)
    for event in outcome.events:
        assert codec.decode(codec.encode(event)) == event
    for reply in outcome.replies:
        message = json.loads(reply)
        assert len(message) == {3: 3, 4: 5}[message[0]]
    assert len(outcome.replies) <= 1
    assert not (outcome.events and outcome.error_code)


@given(st.sampled_from(sorted(DIALECTS)), st.booleans(), ANY_TEXT | st.binary() | ANY_JSON.map(json.dumps))
def test_nothing_that_a_charger_sends_makes_receive_raise(protocol: str, strict: bool, text: str | bytes) -> None:
    sane(fresh(protocol, strict=strict), text)


@given(st.sampled_from(sorted(DIALECTS)), st.booleans(), ACTION, st.dictionaries(FIELD, ANY_JSON) | ANY_JSON)
def test_no_payload_makes_receive_raise(protocol: str, strict: bool, action: str, payload: Any) -> None:
    sane(fresh(protocol, strict=strict), json.dumps([2, "1", action, payload]))


@given(st.sampled_from(sorted(DIALECTS)), st.booleans(), st.data())
def test_no_odd_text_time_or_number_in_a_fact_makes_an_event_that_the_topic_refuses(
    protocol: str, strict: bool, data: st.DataObject
) -> None:
    sane(fresh(protocol, strict=strict), data.draw(frames(protocol)))


GOOD = '[2,"1","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available","timestamp":"t"%s}]'
BOMBS = {
    "an array 100,000 deep": ',"info":' + "[" * 100_000 + "]" * 100_000,
    "an object 100,000 deep": ',"info":' + '{"a":' * 100_000 + "1" + "}" * 100_000,
    "an array 900 deep": ',"x":' + "[" * 900 + "]" * 900,
    "a number of 10,000 digits": ',"x":' + "9" * 10_000,
    "a number beyond all": ',"x":1e999',
    "not a number": ',"x":NaN',
    "a key twice": ',"connectorId":2,"connectorId":3',
    "a key of a lone surrogate": ',"\\ud800":1',
    "a raw NUL": ',"info":"\0"',
    "a raw control": ',"info":"\x01"',
}


@pytest.mark.parametrize("protocol", sorted(DIALECTS))
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_no_json_bomb_makes_receive_raise(protocol: str, strict: bool, bomb: str) -> None:
    sane(fresh(protocol, strict=strict), GOOD % bomb)


def test_of_a_key_that_comes_twice_the_last_counts() -> None:
    """However the frame is read: a lone surrogate takes the slow way."""
    for info in ("x", "\\ud800x"):
        frame = GOOD % f',"connectorId":3,"info":"{info}"'
        (event,) = fresh("ocpp1.6", strict=False).receive(frame, NOW).events
        assert isinstance(event, StatusReported)
        assert (event.evse_id, event.info) == (3, "x")


@given(st.sampled_from(sorted(DIALECTS)), st.sampled_from([3, 4, 5, 6]), st.lists(ANY_JSON, max_size=4))
def test_no_answer_makes_receive_raise(protocol: str, kind: int, rest: list[Any]) -> None:
    talk = fresh(protocol, strict=False)
    message_id = json.loads(talk.command(INOPERATIVE))[1]
    sane(talk, json.dumps([kind, message_id, *rest]))


SMALL: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.lists(st.none()) | st.just({})
)


@given(
    st.fixed_dictionaries(
        {"connectorId": st.integers(-1, 300) | SMALL, "errorCode": ANY_TEXT, "status": st.just("Available")},
        optional={"info": SMALL, "timestamp": ANY_TEXT, "vendorErrorCode": ANY_TEXT | SMALL},
    )
)
def test_no_nearly_good_status_makes_receive_raise(payload: dict[str, Any]) -> None:
    sane(fresh("ocpp1.6", strict=False), json.dumps([2, "1", "StatusNotification", payload]))
