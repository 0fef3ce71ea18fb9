import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest.ocpp.session import Registration, Session
from ingest.ocpp.versions import DIALECTS
from shared.words import codec
from shared.words.event import SessionBegan, SessionEnded

NOW = 1_800_000_000_000

HEARTBEAT = '[2,"hb","Heartbeat",{}]'
BOOT = '[2,"b","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
BOOT_201 = '[2,"b","BootNotification",{"reason":"PowerUp","chargingStation":{"vendorName":"V","model":"M"}}]'
STATUS = '[2,"s","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]'
EVENT = {
    "eventId": 1,
    "timestamp": "2027-01-15T08:00:00Z",
    "trigger": "Delta",
    "actualValue": "Available",
    "eventNotificationType": "HardWiredNotification",
    "component": {"name": "EVSE", "evse": {"id": 1}},
    "variable": {"name": "AvailabilityState"},
}
EVENTS = json.dumps(
    [2, "e", "NotifyEvent", {"generatedAt": "2027-01-15T08:00:00Z", "seqNo": 0, "eventData": [EVENT, EVENT]}]
)


def reply_to(talk: Session, text: str) -> Any:
    """The one reply to a frame, None when there is none."""
    replies = talk.receive(text, NOW).replies
    assert len(replies) <= 1
    return json.loads(replies[0]) if replies else None


# --- sequence ---------------------------------------------------------------------------------


def test_every_event_takes_the_next_sequence_from_0(session: Callable[..., Session]) -> None:
    talk = session("ocpp2.0.1")
    events = [
        talk.began(NOW),
        *talk.receive(BOOT_201, NOW + 1).events,
        *talk.receive(HEARTBEAT, NOW + 2).events,
        *talk.receive(EVENTS, NOW + 3).events,
        talk.began(NOW + 4),
        talk.ended("silent", NOW + 3, NOW + 5),
    ]
    assert [(event.sequence, event.received_at - NOW) for event in events] == [
        (0, 0),
        (1, 1),
        (2, 3),
        (3, 3),
        (4, 4),
        (5, 5),
    ]


def test_began_and_ended_say_whose_session_it_is(session: Callable[..., Session]) -> None:
    talk = session("ocpp2.1")
    header: dict[str, Any] = {
        "charge_point_id": "CP1",
        "charge_point_key": 7,
        "epoch": 1000,
        "gateway_id": "gw-1",
        "protocol": "ocpp2.1",
    }
    assert talk.began(NOW) == SessionBegan(**header, sequence=0, received_at=NOW)
    assert talk.ended("closed", NOW + 5, NOW + 9) == SessionEnded(
        **header, sequence=1, received_at=NOW + 9, reason="closed", last_seen_at=NOW + 5
    )


def test_a_refused_frame_takes_no_sequence(session: Callable[..., Session]) -> None:
    talk = session()
    assert talk.receive(STATUS.replace("Available", "Occupied"), NOW).error_code == "PropertyConstraintViolation"
    assert [event.sequence for event in talk.receive(STATUS, NOW).events] == [0]


def test_events_survive_the_topic(session: Callable[..., Session]) -> None:
    nasty = STATUS.replace('"status"', r'"info":"\ud800\u0000","timestamp":"\udfff","vendorErrorCode":"é","status"')
    for text in (BOOT, STATUS, nasty):
        for event in session().receive(text, NOW).events:
            assert codec.decode(codec.encode(event)) == event


# --- calls ------------------------------------------------------------------------------------


def test_an_outcome_says_what_the_gateway_counts_and_answers(session: Callable[..., Session]) -> None:
    outcome = session().receive(STATUS, NOW)
    assert (outcome.kind, outcome.action, outcome.message_id, outcome.error_code) == (
        "call",
        "StatusNotification",
        "s",
        None,
    )
    assert outcome.replies == (b'[3,"s",{}]',)
    assert outcome.answer is None


def test_bytes_are_read_like_text(session: Callable[..., Session]) -> None:
    assert session().receive(STATUS.encode(), NOW) == session().receive(STATUS, NOW)


def test_the_same_frame_again_is_answered_and_reported_again(session: Callable[..., Session]) -> None:
    talk = session()
    first, again = talk.receive(STATUS, NOW), talk.receive(STATUS, NOW)
    assert first.replies == again.replies
    assert len(first.events) == len(again.events) == 1


def test_the_time_we_tell_is_utc_with_three_decimals(session: Callable[..., Session]) -> None:
    assert reply_to(session(), HEARTBEAT) == [3, "hb", {"currentTime": "2027-01-15T08:00:00.000Z"}]


@pytest.mark.parametrize("action", ["FooBar", "__class__", "\ud800", "x" * 1000])
def test_an_action_that_nobody_knows_is_no_metric_label(action: str, session: Callable[..., Session]) -> None:
    outcome = session().receive(json.dumps([2, "1", action, {}]), NOW)
    assert (outcome.action, outcome.error_code) == ("<unknown>", "NotImplemented")


def test_an_action_that_goes_the_other_way_keeps_its_name(session: Callable[..., Session]) -> None:
    outcome = session().receive('[2,"1","Reset",{"type":"Hard"}]', NOW)
    assert (outcome.action, outcome.error_code) == ("Reset", "NotSupported")


@pytest.mark.parametrize("payload", ["[]", '"{}"', "1", "true"])
@pytest.mark.parametrize("protocol", DIALECTS)
def test_a_payload_that_is_no_object_is_refused(protocol: str, payload: str, session: Callable[..., Session]) -> None:
    assert reply_to(session(protocol), f'[2,"1","Heartbeat",{payload}]')[:3] == [4, "1", "TypeConstraintViolation"]


def test_a_null_payload_is_an_empty_one(session: Callable[..., Session]) -> None:
    talk = session()
    assert reply_to(talk, '[2,"1","Heartbeat",null]')[0] == 3
    assert reply_to(talk, '[2,"1","StatusNotification",null]')[2] == "OccurenceConstraintViolation"


def test_the_error_for_a_late_log_is_internal_error(session: Callable[..., Session]) -> None:
    for protocol in DIALECTS:
        message = json.loads(session(protocol).internal_error("id-1"))
        assert message[:3] == [4, "id-1", "InternalError"]
        assert len(message) == 5


# --- frames that are none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "in_16", "in_201", "in_21"),
    [
        ("", None, None, None),
        (" \n", None, None, None),
        ("{", None, ("-1", "RpcFrameworkError"), ("-1", "RpcFrameworkError")),
        ("null", None, ("-1", "RpcFrameworkError"), ("-1", "RpcFrameworkError")),
        ("[2]", None, ("-1", "RpcFrameworkError"), ("-1", "RpcFrameworkError")),
        ('[2,7,"Heartbeat",{}]', None, ("-1", "RpcFrameworkError"), ("-1", "RpcFrameworkError")),
        ('[2,"1","Heartbeat"]', ("1", "FormationViolation"), ("1", "RpcFrameworkError"), ("1", "RpcFrameworkError")),
        ('[2,"1",[],{}]', ("1", "FormationViolation"), ("1", "RpcFrameworkError"), ("1", "RpcFrameworkError")),
        (
            f'[2,"{"i" * 37}","Heartbeat",{{}}]',
            ("i" * 37, "FormationViolation"),
            ("i" * 37, "RpcFrameworkError"),
            ("i" * 37, "RpcFrameworkError"),
        ),
        ('[7,"1","X",{}]', None, ("1", "MessageTypeNotSupported"), None),
        ('[6,"1","NotifyPeriodicEventStream",{}]', None, ("1", "MessageTypeNotSupported"), None),
        ("[6]", None, ("-1", "MessageTypeNotSupported"), None),
        ('[5,"1","FormatViolation","",{}]', None, ("1", "MessageTypeNotSupported"), None),
        ('[3,"never-sent",{}]', None, None, None),
        ('[4,"never-sent","GenericError","",{}]', None, None, None),
        ("[3]", None, None, None),
        ("[4]", None, None, None),
    ],
)
def test_a_bad_frame_is_answered_as_its_version_says_and_the_session_goes_on(
    text: str,
    in_16: tuple[str, str] | None,
    in_201: tuple[str, str] | None,
    in_21: tuple[str, str] | None,
    session: Callable[..., Session],
) -> None:
    for protocol, expected in zip(DIALECTS, (in_16, in_201, in_21), strict=True):
        talk = session(protocol)
        outcome = talk.receive(text, NOW)
        assert outcome.events == ()
        if expected is None:
            assert outcome.replies == ()
        else:
            message = json.loads(outcome.replies[0])
            assert (message[0], message[1], message[2]) == (4, *expected)
            assert outcome.error_code == expected[1]
        assert reply_to(talk, HEARTBEAT)[0] == 3


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "ignored"),
        ("{", "malformed"),
        ("[2]", "malformed"),
        ("[3]", "malformed"),
        ('[7,"1"]', "ignored"),
        ('[3,"x",{}]', "unsolicited"),
        ('[4,"x","GenericError","",{}]', "unsolicited"),
        ('[5,"x","FormatViolation","",{}]', "result_error"),
        ('[6,"x","NotifyPeriodicEventStream",{}]', "send"),
        (HEARTBEAT, "call"),
    ],
)
def test_every_frame_has_a_kind_to_count(text: str, kind: str, session: Callable[..., Session]) -> None:
    assert session("ocpp2.1").receive(text, NOW).kind == kind


# --- registration -----------------------------------------------------------------------------


@pytest.mark.parametrize(("registration", "word"), [("PENDING", "Pending"), ("REJECTED", "Rejected")])
@pytest.mark.parametrize("protocol", DIALECTS)
def test_who_is_not_accepted_gets_that_word_and_nothing_else(
    registration: Registration, word: str, protocol: str, session: Callable[..., Session]
) -> None:
    talk = session(protocol, registration=registration)
    boot = talk.receive(BOOT if protocol == "ocpp1.6" else BOOT_201, NOW)
    assert json.loads(boot.replies[0])[2]["status"] == word
    assert boot.told == registration
    assert [type(event).__name__ for event in boot.events] == ["Booted"]
    for text in (STATUS, EVENTS, HEARTBEAT, '[2,"1","FooBar",{}]', '[2,"1","Reset",{}]'):
        refused = talk.receive(text, NOW)
        assert (refused.events, refused.error_code) == ((), "SecurityError")
        assert json.loads(refused.replies[0])[0] == 4


def test_a_registration_may_change_while_the_session_lives(session: Callable[..., Session]) -> None:
    talk = session(registration="PENDING")
    assert talk.receive(STATUS, NOW).error_code == "SecurityError"
    talk.registration = "ACCEPTED"
    assert len(talk.receive(STATUS, NOW).events) == 1
    talk.registration = "REJECTED"
    assert talk.receive(STATUS, NOW).error_code == "SecurityError"


def test_a_status_before_any_boot_counts_for_the_accepted(session: Callable[..., Session]) -> None:
    assert len(session().receive(STATUS, NOW).events) == 1
