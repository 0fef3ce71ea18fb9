"""Whatever a charger sends, the session says something sane: events the topic takes, a reply that is a frame."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingest.ocpp.commands import ChangeAvailability
from ingest.ocpp.session import Policy, Session
from ingest.ocpp.versions import DIALECTS
from shared import codec

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


@given(st.sampled_from(sorted(DIALECTS)), st.sampled_from([3, 4, 5, 6]), st.lists(ANY_JSON, max_size=4))
def test_no_answer_makes_receive_raise(protocol: str, kind: int, rest: list[Any]) -> None:
    talk = fresh(protocol, strict=False)
    message_id = json.loads(talk.command(INOPERATIVE, NOW))[1]
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
