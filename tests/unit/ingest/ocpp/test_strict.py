"""Strict is what the official schemas say, no more and no less; the exceptions are listed."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.ocpp import commands
from ingest.ocpp.versions import DIALECTS
from tests.unit.ingest.ocpp.instances import instance, mutated

NOW = 1_800_000_000_000

#: What is refused although the schema allows it: such a place cannot be kept.
NO_PLACE = ("ids of EVSEs and connectors are 0 to 255", "a charge point has at most 255 EVSEs and connectors")

#: Which of our codes a broken rule of a schema may be answered by.
CODES = {
    "required": "OccurrenceConstraintViolation",
    "minItems": "OccurrenceConstraintViolation",
    "maxItems": "OccurrenceConstraintViolation",
    "type": "TypeConstraintViolation",
    "additionalProperties": "FormatViolation",
    "enum": "PropertyConstraintViolation",
    "maxLength": "PropertyConstraintViolation",
    "minimum": "PropertyConstraintViolation",
    "maximum": "PropertyConstraintViolation",
    "format": "PropertyConstraintViolation",
}
SPELLED_16 = {
    "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
    "FormatViolation": "FormationViolation",
}
ASKED: dict[str, commands.Command] = {
    "ChangeAvailability": commands.ChangeAvailability(operative=False, evse_id=1, connector_id=1, intent=1),
    "GetBaseReport": commands.Resync(),
    "Reset": commands.Reset("immediate"),
    "TriggerMessage": commands.TriggerMessage("Heartbeat"),
    "UnlockConnector": commands.UnlockConnector(1, 1),
}

some = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
seeds = st.integers(0, 2**32)
every_call = pytest.mark.parametrize(
    ("protocol", "action"), [(name, action) for name, one in DIALECTS.items() for action in sorted(one.actions)]
)
every_answer = pytest.mark.parametrize(
    ("protocol", "action"), [(name, action) for name, one in DIALECTS.items() for action in sorted(one.answers)]
)


def codes(protocol: str, rules: set[str]) -> set[str]:
    """What broken rules may be answered by, as the version spells it."""
    found = {CODES[rule] for rule in rules}
    return {SPELLED_16.get(code, code) for code in found} if protocol == "ocpp1.6" else found


def refusal(session: Any, action: str, payload: object) -> str | None:
    """The code of the CALLERROR that answers a CALL; None for a result, and for a place that cannot be kept."""
    (reply,) = session.receive(json.dumps([2, "1", action, payload]), NOW).replies
    message = json.loads(reply)
    return None if message[0] == 3 or message[3] in NO_PLACE else message[2]


@every_call
@given(seed=seeds)
@some
def test_what_the_schema_allows_is_accepted(
    protocol: str, action: str, seed: int, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    schema = official(protocol).request(action)
    payload = instance(schema, schema, Random(seed))
    assert official(protocol).broken(schema, payload) == set()
    assert refusal(session(protocol, strict=True), action, payload) is None


@every_call
@given(seed=seeds)
@some
def test_what_the_schema_forbids_is_refused_by_its_code_and_nothing_else_is(
    protocol: str, action: str, seed: int, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    schema, chance = official(protocol).request(action), Random(seed)
    payload = mutated(instance(schema, schema, chance), chance)
    broken = official(protocol).broken(schema, payload)
    code = refusal(session(protocol, strict=True), action, payload)
    assert code in codes(protocol, broken) if broken else code is None


@every_answer
@given(seed=seeds, change=st.booleans())
@some
def test_an_answer_to_us_is_read_if_the_schema_allows_it(
    protocol: str, action: str, seed: int, change: bool, session: Callable[..., Any], official: Callable[[str], Any]
) -> None:
    schema, chance = official(protocol).response(action), Random(seed)
    payload = instance(schema, schema, chance)
    payload = mutated(payload, chance) if change else payload
    talk = session(protocol, strict=True)
    asked = json.loads(talk.command(ASKED[action]))
    assert asked[2] == action
    answer = talk.receive(json.dumps([3, asked[1], payload]), NOW).answer
    if broken := official(protocol).broken(schema, payload):
        assert answer.status is None
        assert answer.error.partition(":")[0] in codes(protocol, broken)
    else:
        assert (answer.status, answer.error) == (payload["status"], None)


@pytest.mark.parametrize("protocol", DIALECTS)
def test_each_of_our_commands_has_an_answer(protocol: str, session: Callable[..., Any]) -> None:
    for command in ASKED.values():
        action = json.loads(session(protocol).command(command))[2]
        assert action in DIALECTS[protocol].answers


def test_the_statuses_of_answers_are_those_of_all_versions() -> None:
    """`commands.STATUSES` are the labels of a metric."""
    words = {
        word for one in DIALECTS.values() for shape in one.answers.values() for word in shape.fields["status"].words
    }
    assert words == commands.STATUSES
