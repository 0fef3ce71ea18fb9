"""Our CALLs to a charger, and what its answers mean."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest.ocpp.calls import GIVEN_UP
from ingest.ocpp.commands import ChangeAvailability, Command, Reset, Resync, UnlockConnector
from ingest.ocpp.outcome import Answer
from ingest.ocpp.session import Busy, Session
from ingest.ocpp.versions import DIALECTS
from shared.words.event import CommandAnswered

NOW = 1_800_000_000_000
STATUS = '[2,"s","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]'
INOPERATIVE = ChangeAvailability(operative=False, evse_id=2, connector_id=1, intent=9)


def asked(talk: Session, command: Command) -> str:
    """The id of the CALL that asks for ``command``."""
    message = json.loads(talk.command(command))
    assert message[0] == 2
    return str(message[1])


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


def test_a_pending_charger_may_answer_our_commands(session: Callable[..., Session]) -> None:
    talk = session(registration="PENDING")
    message_id = asked(talk, Reset("immediate"))
    outcome = talk.receive(json.dumps([3, message_id, {"status": "Accepted"}]), NOW)
    assert outcome.answer == Answer(Reset("immediate"), "Accepted", None)


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


@pytest.mark.parametrize("protocol", DIALECTS)
def test_of_two_tries_the_answer_to_the_newer_counts(protocol: str, session: Callable[..., Session]) -> None:
    talk = session(protocol)
    older = asked(talk, INOPERATIVE)
    talk.give_up()
    newer = asked(talk, INOPERATIVE)
    answered = talk.receive(json.dumps([3, newer, {"status": "Accepted"}]), NOW)
    assert [event.result for event in answered.events if isinstance(event, CommandAnswered)] == ["Accepted"]
    late = talk.receive(json.dumps([3, older, {"status": "Rejected"}]), NOW)
    assert (late.kind, late.events, late.answer) == ("unsolicited", (), None)


@pytest.mark.parametrize("protocol", DIALECTS)
def test_while_the_newer_try_is_not_answered_the_answer_to_the_older_counts(
    protocol: str, session: Callable[..., Session]
) -> None:
    talk = session(protocol)
    first = asked(talk, INOPERATIVE)
    talk.give_up()
    second = asked(talk, INOPERATIVE)
    talk.give_up()
    asked(talk, INOPERATIVE)
    for message_id, status in ((first, "Rejected"), (second, "Scheduled")):
        (event,) = talk.receive(json.dumps([3, message_id, {"status": status}]), NOW).events
        assert isinstance(event, CommandAnswered)
        assert event.result == status
    assert talk.outstanding == INOPERATIVE
