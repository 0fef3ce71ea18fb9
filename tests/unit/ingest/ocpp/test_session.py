import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest.ocpp.calls import GIVEN_UP
from ingest.ocpp.commands import ChangeAvailability, Command, Reset, Resync, UnlockConnector
from ingest.ocpp.outcome import Answer
from ingest.ocpp.session import Busy, Registration, Session
from ingest.ocpp.versions import DIALECTS
from shared.words import codec
from shared.words.event import CommandAnswered, SessionBegan, SessionEnded

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

INOPERATIVE = ChangeAvailability(operative=False, evse_id=2, connector_id=1, intent=9)


def reply_to(talk: Session, text: str) -> Any:
    """The one reply to a frame, None when there is none."""
    replies = talk.receive(text, NOW).replies
    assert len(replies) <= 1
    return json.loads(replies[0]) if replies else None


def asked(talk: Session, command: Command) -> str:
    """The id of the CALL that asks for ``command``."""
    message = json.loads(talk.command(command))
    assert message[0] == 2
    return str(message[1])


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
    assert (outcome.close, outcome.answer) == (None, None)


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


def test_a_pending_charger_may_answer_our_commands(session: Callable[..., Session]) -> None:
    talk = session(registration="PENDING")
    message_id = asked(talk, Reset("immediate"))
    outcome = talk.receive(json.dumps([3, message_id, {"status": "Accepted"}]), NOW)
    assert outcome.answer == Answer(Reset("immediate"), "Accepted", None)


def test_a_status_before_any_boot_counts_for_the_accepted(session: Callable[..., Session]) -> None:
    assert len(session().receive(STATUS, NOW).events) == 1


# --- commands ---------------------------------------------------------------------------------


def test_one_command_is_outstanding_at_a_time(session: Callable[..., Session]) -> None:
    talk = session()
    asked(talk, Resync())
    assert talk.outstanding == Resync()
    with pytest.raises(Busy, match="Resync is outstanding"):
        talk.command(Reset("graceful"))
    assert talk.outstanding == Resync()


def test_ids_of_our_calls_differ_between_calls_and_sessions(session: Callable[..., Session]) -> None:
    ids = set()
    for epoch in (1_800_000_000_000, 1_800_000_000_001):
        talk = session(epoch=epoch)
        for _ in range(3):
            ids.add(asked(talk, Resync()))
            talk.give_up()
    assert len(ids) == 6
    assert max(map(len, ids)) <= 36


def test_a_report_that_we_ask_for_has_a_new_request_id(session: Callable[..., Session]) -> None:
    talk = session("ocpp2.0.1")
    requests = []
    for _ in range(2):
        requests.append(json.loads(talk.command(Resync()))[3]["requestId"])
        talk.give_up()
    assert requests == [1, 2]


@pytest.mark.parametrize(
    ("payload", "status", "error"),
    [
        ({"status": "Unlocked"}, "Unlocked", None),
        ({"status": "SomethingNew", "statusInfo": {}}, "SomethingNew", None),
        ({}, None, "FormationViolation: the answer has no status"),
        (None, None, "FormationViolation: the answer has no status"),
        ([], None, "TypeConstraintViolation: the payload must be an object"),
    ],
)
def test_an_answer_comes_with_its_command(
    payload: object, status: str | None, error: str | None, session: Callable[..., Session]
) -> None:
    talk = session()
    command = UnlockConnector(2, 1)
    outcome = talk.receive(json.dumps([3, asked(talk, command), payload]), NOW)
    assert (outcome.kind, outcome.events, outcome.replies) == ("result", (), ())
    assert outcome.answer == Answer(command, status, error)
    assert talk.outstanding is None


def test_a_callerror_is_an_answer_too(session: Callable[..., Session]) -> None:
    talk = session()
    outcome = talk.receive(json.dumps([4, asked(talk, Resync()), "NotSupported", "no\u0000pe", {}]), NOW)
    assert (outcome.kind, outcome.events, outcome.replies) == ("error", (), ())
    assert outcome.answer == Answer(Resync(), None, "NotSupported: nope")


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ([3, {"status": "Accepted"}], "Accepted"),
        ([3, {"status": "Rejected"}], "Rejected"),
        ([3, {"status": "Scheduled"}], "Scheduled"),
        ([3, {"status": "Whatever"}], "Rejected"),
        ([3, {}], "Rejected"),
        ([4, "InternalError", "", {}], "Rejected"),
    ],
)
def test_the_answer_to_a_change_of_availability_is_an_event(
    answer: list[Any], result: str, session: Callable[..., Session]
) -> None:
    talk = session()
    talk.began(NOW)
    (event,) = talk.receive(json.dumps([answer[0], asked(talk, INOPERATIVE), *answer[1:]]), NOW).events
    assert isinstance(event, CommandAnswered)
    assert (event.sequence, event.command, event.result) == (1, "ChangeAvailability", result)
    assert (event.evse_id, event.connector_id, event.operative, event.intent) == (2, 1, False, 9)


def test_an_answer_is_heard_once(session: Callable[..., Session]) -> None:
    talk = session()
    text = json.dumps([3, asked(talk, INOPERATIVE), {"status": "Accepted"}])
    assert talk.receive(text, NOW).answer is not None
    again = talk.receive(text, NOW)
    assert (again.kind, again.events, again.answer) == ("unsolicited", (), None)


def test_an_answer_with_another_id_leaves_the_command_outstanding(session: Callable[..., Session]) -> None:
    talk = session()
    asked(talk, INOPERATIVE)
    assert talk.receive('[3,"another",{"status":"Accepted"}]', NOW).kind == "unsolicited"
    assert talk.outstanding == INOPERATIVE


@pytest.mark.parametrize("protocol", DIALECTS)
@pytest.mark.parametrize("rest", ["", ',{"status":"Accepted"},1'])
def test_an_answer_that_cannot_be_read_is_an_answer_all_the_same(
    rest: str, protocol: str, session: Callable[..., Session]
) -> None:
    talk = session(protocol)
    outcome = talk.receive(f'[3,"{asked(talk, INOPERATIVE)}"{rest}]', NOW)
    assert talk.outstanding is None
    assert outcome.kind == "malformed"
    assert outcome.answer is not None
    assert (outcome.answer.status, "cannot be read" in str(outcome.answer.error)) == (None, True)
    assert isinstance(outcome.events[0], CommandAnswered)
    assert talk.receive('[3,"another"]', NOW).answer is None


def test_the_late_answer_to_a_command_that_was_given_up_counts_once_and_is_late(
    session: Callable[..., Session],
) -> None:
    talk = session()
    late = asked(talk, INOPERATIVE)
    talk.give_up()
    assert talk.outstanding is None
    assert asked(talk, Resync()) != late
    text = json.dumps([3, late, {"status": "Scheduled"}])
    outcome = talk.receive(text, NOW)
    assert (outcome.kind, outcome.answer) == ("result", Answer(INOPERATIVE, "Scheduled", None, is_late=True))
    (event,) = outcome.events
    assert isinstance(event, CommandAnswered)
    assert (event.intent, event.result) == (INOPERATIVE.intent, "Scheduled")
    assert talk.outstanding == Resync()
    assert talk.receive(text, NOW).kind == "unsolicited"


def test_what_was_given_up_long_ago_is_forgotten(session: Callable[..., Session]) -> None:
    talk, given_up = session(), list[str]()
    for _ in range(GIVEN_UP + 1):
        given_up.append(asked(talk, INOPERATIVE))
        talk.give_up()
    kinds = [talk.receive(json.dumps([3, one, {"status": "Accepted"}]), NOW).kind for one in given_up]
    assert kinds == ["unsolicited", *["result"] * GIVEN_UP]


def test_calls_may_cross(session: Callable[..., Session]) -> None:
    talk = session()
    message_id = asked(talk, Resync())
    assert len(talk.receive(STATUS, NOW).events) == 1
    assert talk.receive(json.dumps([3, message_id, {"status": "Accepted"}]), NOW).answer is not None
