"""Every action of every dialect, judged by the official schemas."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest.ocpp.dialects.dialect import place
from ingest.ocpp.errors import OcppError
from ingest.ocpp.versions import DIALECTS

NOW = 1_800_000_000_000
CALLS = [(protocol, action) for protocol, dialect in DIALECTS.items() for action in sorted(dialect.actions)]
REFUSED = [(protocol, action) for protocol, dialect in DIALECTS.items() for action in sorted(dialect.refused)]

OCCURRENCE = {
    "ocpp1.6": "OccurenceConstraintViolation",
    "ocpp2.0.1": "OccurrenceConstraintViolation",
    "ocpp2.1": "OccurrenceConstraintViolation",
}

#: What is refused for its fields even where we may be lenient: it tells a fact, or the reply repeats it.
REFUSING = {"BootNotification", "StatusNotification", "GetCertificateChainStatus", "VatNumberValidation"}

every_call = pytest.mark.parametrize(("protocol", "action"), CALLS)


def said(session: Any, action: str, payload: object) -> list[Any]:
    """The one reply to a CALL, which must have its id."""
    (reply,) = session.receive(json.dumps([2, "id-1", action, payload]), NOW).replies
    message: list[Any] = json.loads(reply)
    assert message[1] == "id-1"
    return message


@every_call
@pytest.mark.parametrize("authorize", ["accept", "refuse"])
def test_the_reply_to_the_smallest_request_is_valid(
    protocol: str, action: str, authorize: str, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    schemas = official(protocol)
    message = said(session(protocol, authorize=authorize), action, schemas.smallest(action))
    assert message[0] == 3, message
    schemas.judge_response(action, message[2])


@every_call
def test_the_fullest_valid_request_is_accepted_by_the_strict(
    protocol: str, action: str, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    schemas = official(protocol)
    message = said(session(protocol, strict=True), action, schemas.fullest(action))
    assert message[0] == 3, message
    schemas.judge_response(action, message[2])


@every_call
def test_every_required_field_is_required(
    protocol: str, action: str, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    schemas = official(protocol)
    for name in schemas.required(action):
        request = schemas.smallest(action)
        del request[name]
        strict, lenient = (said(session(protocol, strict=strict), action, request) for strict in (True, False))
        assert strict[:3] == [4, "id-1", OCCURRENCE[protocol]], name
        assert lenient == strict if action in REFUSING else lenient[0] == 3


@every_call
def test_every_field_of_a_wrong_type_is_refused(
    protocol: str, action: str, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    fullest = official(protocol).fullest(action)
    for name, value in fullest.items():
        if (action, name) == ("DataTransfer", "data") and protocol != "ocpp1.6":
            continue  # any JSON
        wrong = 1 if isinstance(value, str | list | dict | bool) else "1"
        request = fullest | {name: wrong}
        strict, lenient = (said(session(protocol, strict=strict), action, request) for strict in (True, False))
        assert strict[:3] == [4, "id-1", "TypeConstraintViolation"], name
        assert lenient == strict if action in REFUSING else lenient[0] == 3


@every_call
@pytest.mark.parametrize("odd", [{}, {"a": 1}, None], ids=["empty", "unknown", "null"])
def test_a_message_that_tells_no_fact_gets_its_normal_answer_whatever_is_in_it(
    protocol: str, action: str, odd: object, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    if action not in REFUSING:
        message = said(session(protocol), action, odd)
        assert message[0] == 3, message
        official(protocol).judge_response(action, message[2])


@every_call
@pytest.mark.parametrize("no_object", [[], "text", 7, True])
def test_a_payload_that_is_no_object_is_refused(
    protocol: str, action: str, no_object: object, session: Callable[..., Any]
) -> None:
    assert said(session(protocol), action, no_object)[:3] == [4, "id-1", "TypeConstraintViolation"]


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
def test_a_transaction_event_with_a_token_gets_its_verdict_whatever_else_is_in_it(
    protocol: str, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    message = said(session(protocol), "TransactionEvent", {"seqNo": "x", "idToken": 7})
    assert message[2] == {"idTokenInfo": {"status": "Accepted"}}
    official(protocol).judge_response("TransactionEvent", message[2])


@every_call
def test_an_over_long_text_is_refused_by_the_strict_only(
    protocol: str, action: str, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    schemas = official(protocol)
    for name, limit in schemas.limits(action).items():
        request = schemas.fullest(action) | {name: "x" * (limit + 1)}
        assert said(session(protocol, strict=True), action, request)[:3] == [4, "id-1", "PropertyConstraintViolation"]
        assert said(session(protocol), action, request)[0] == 3, name


@every_call
def test_an_unknown_field_is_refused_by_the_strict_only(
    protocol: str, action: str, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    request = official(protocol).smallest(action) | {"vendorFoo": {"a": [1, 2]}}
    code = "FormationViolation" if protocol == "ocpp1.6" else "FormatViolation"
    assert said(session(protocol, strict=True), action, request)[:3] == [4, "id-1", code]
    assert said(session(protocol), action, request)[0] == 3


@every_call
def test_a_null_is_an_absent_field_unless_one_is_strict(
    protocol: str, action: str, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    schemas = official(protocol)
    optional = dict.fromkeys(schemas.fullest(action).keys() - schemas.required(action) - {"data"})
    message = said(session(protocol), action, schemas.smallest(action) | optional)
    assert message[0] == 3
    schemas.judge_response(action, message[2])
    for name in optional:
        message = said(session(protocol, strict=True), action, schemas.smallest(action) | {name: None})
        assert message[:3] == [4, "id-1", "TypeConstraintViolation"], name


@pytest.mark.parametrize(("protocol", "action"), REFUSED)
def test_an_action_that_goes_the_other_way_is_not_supported(
    protocol: str, action: str, session: Callable[..., Any]
) -> None:
    assert said(session(protocol), action, {})[:3] == [4, "id-1", "NotSupported"]


@pytest.mark.parametrize("protocol", DIALECTS)
@pytest.mark.parametrize(
    "action", ["FooBar", "heartbeat", "HeartbeatRequest", "BootNotificationResponse", "__class__", ""]
)
def test_an_unknown_action_is_not_implemented(protocol: str, action: str, session: Callable[..., Any]) -> None:
    assert said(session(protocol), action, {})[:3] == [4, "id-1", "NotImplemented"]


@pytest.mark.parametrize("protocol", DIALECTS)
def test_every_action_of_the_version_has_one_direction(protocol: str, official: Callable[[str], Any]) -> None:
    dialect = DIALECTS[protocol]
    assert not dialect.actions.keys() & dialect.refused
    assert (dialect.actions.keys() | dialect.refused) - {"NotifyPeriodicEventStream"} == official(protocol).actions()


@pytest.mark.parametrize("number", [0, 1, 255, 1.0])
def test_places_are_numbered_0_to_255(number: float) -> None:
    assert place(number) == number
    assert type(place(number)) is int


@pytest.mark.parametrize("number", [-1, 256, 10**30, 1e300])
def test_other_numbers_are_no_place(number: float) -> None:
    with pytest.raises(OcppError, match="0 to 255"):
        place(number)
