"""Intents: what waits, what was refused, and who took what out of service, as long as it is out."""

import pytest

from ingest.rollup.fold import hardware
from ingest.rollup.fold.state import Intent, Place
from shared.words import instant
from shared.words.documents import OutOfService, PlacedIntent
from shared.words.event import CommandResult
from shared.words.intents import Out
from tests.events import T0, Session
from tests.unit.ingest.rollup.worlds import World, told

WHOLE: Place = (0, 0)
BEFORE = Out("rain", "ops", T0 - 1)


def world(*intents: tuple[Place, Intent]) -> tuple[World, Session]:
    """A charge point with two connectors of which operators wanted this."""
    session = Session()
    made = told([session.began(T0), session.reported(T0), session.reported(T0, place=(2, 1))])
    made.one.intents.update(intents)
    return made, session


def wanted(version: int, *, operative: bool = False, before: Out | None = None) -> Intent:
    return Intent(version, operative, "cable", T0, "night-shift", before=before)


def out(made: World) -> list[tuple[str | None, str | None, Place]]:
    made.reload()
    return [(one.note, one.by, (one.evse_id, one.connector_id)) for one in made.document.out_of_service]


def test_who_took_it_out_and_why_stays_after_the_charger_has_followed() -> None:
    made, session = world((WHOLE, wanted(1)))
    assert out(made) == [("cable", "night-shift", WHOLE)]
    made.tell(session.answered(T0 + 1), *(session.reported(T0 + 2, "Unavailable", (evse, 1)) for evse in (1, 2)))
    assert made.document.intents == ()
    assert made.document.out_of_service == (OutOfService("cable", "night-shift", instant.to_text(T0), 0, 0),)
    assert made.document.operative is False


def test_one_that_is_refused_shows_and_never_was_out() -> None:
    made, session = world((WHOLE, wanted(1)))
    made.tell(session.answered(T0 + 1, "Rejected"))
    assert (out(made), made.document.operative, made.document.intent) == ([], True, None)
    assert made.document.intents == (PlacedIntent(False, "cable", instant.to_text(T0), 0, 0, "Rejected"),)


@pytest.mark.parametrize(("result", "stays"), [("Rejected", True), ("Accepted", False), ("Scheduled", False)])
def test_it_is_out_until_the_charger_agrees_to_come_back(result: CommandResult, stays: bool) -> None:
    made, session = world((WHOLE, wanted(2, operative=True, before=BEFORE)))
    assert out(made) == [("rain", "ops", WHOLE)]
    assert made.document.operative is True, "what was asked last"
    made.tell(session.answered(T0 + 1, result, operative=True, intent=2))
    assert out(made) == ([("rain", "ops", WHOLE)] if stays else [])
    assert made.document.operative is not stays, "a refusal leaves what was asked before"


def test_a_second_reason_that_is_refused_leaves_the_first() -> None:
    made, session = world((WHOLE, wanted(2, before=BEFORE)))
    made.tell(session.answered(T0 + 1, "Rejected", intent=2))
    assert (out(made), made.document.operative) == ([("rain", "ops", WHOLE)], False)


def test_an_intent_for_a_connector_shows_with_its_place() -> None:
    made, session = world(((2, 1), wanted(1)))
    assert out(made) == [("cable", "night-shift", (2, 1))]
    assert [(one.evse_id, one.connector_id, one.result) for one in made.document.intents] == [(2, 1, None)]
    made.tell(session.answered(T0 + 1, "Scheduled", (2, 1)))
    assert [one.result for one in made.document.intents] == ["Scheduled"]
    assert made.document.operative is True, "the charge point as a whole"


def test_with_the_whole_its_parts_come_back_but_not_those_taken_out_later() -> None:
    made, session = world(((1, 1), wanted(1)), (WHOLE, wanted(2, operative=True)), ((2, 1), wanted(3)))
    made.tell(session.answered(T0 + 1, "Rejected", operative=True, intent=2))
    assert [place for _, _, place in out(made)] == [(1, 1), (2, 1)]
    made.tell(session.answered(T0 + 2, "Accepted", operative=True, intent=2))
    assert [place for _, _, place in out(made)] == [(2, 1)]


def test_a_part_that_comes_back_with_the_whole_keeps_its_own_note_as_its_row_does() -> None:
    made, session = world(
        ((1, 1), wanted(1)), (WHOLE, wanted(2, operative=True)._replace(note="mended", asked_by="ops"))
    )
    made.tell(session.answered(T0 + 2, "Accepted", operative=True, intent=2))
    part = made.one.intents[1, 1]
    assert (part.note, part.asked_by, part.operative, part.out) == ("cable", "night-shift", True, None)


def waits(made: World) -> list[tuple[bool, str | None]]:
    made.reload()
    return [(one.operative, one.result) for one in made.document.intents]


def test_one_that_is_out_waits_again_when_the_charger_forgot_it() -> None:
    made, session = world((WHOLE, wanted(1)))
    made.tell(session.answered(T0 + 1), *(session.reported(T0 + 2, "Unavailable", (evse, 1)) for evse in (1, 2)))
    assert (waits(made), made.document.intent) == ([], None)
    made.tell(session.booted(T0 + 3), session.reported(T0 + 4, "Faulted"))
    assert waits(made) == [], "a fault is no service"
    made.tell(session.reported(T0 + 5, "Available"))
    assert (waits(made), made.document.intent is not None) == ([(False, "Accepted")], True)
    made.tell(session.answered(T0 + 6, "Scheduled"))
    assert waits(made) == [(False, "Scheduled")]
    made.tell(session.reported(T0 + 7, "Unavailable"))
    assert waits(made) == []


def test_a_second_try_that_is_refused_shows() -> None:
    made, session = world((WHOLE, wanted(1)))
    made.tell(session.answered(T0 + 1), *(session.reported(T0 + 2, "Unavailable", (evse, 1)) for evse in (1, 2)))
    made.tell(session.answered(T0 + 3, "Rejected"))
    assert (waits(made), out(made), made.document.operative) == ([(False, "Rejected")], [], True)


def test_one_that_is_back_in_service_waits_no_more_whatever_comes() -> None:
    made, session = world((WHOLE, wanted(1, operative=True)))
    made.tell(session.answered(T0 + 1, operative=True), session.reported(T0 + 2, "Unavailable"))
    assert waits(made) == []


def test_what_was_asked_later_for_a_part_is_no_word_on_the_whole() -> None:
    made, session = world((WHOLE, wanted(1)), ((1, 1), wanted(2, operative=True)))
    made.tell(session.answered(T0 + 1), session.answered(T0 + 2, place=(1, 1), operative=True, intent=2))
    made.tell(session.reported(T0 + 3, "Unavailable", (2, 1)))
    assert waits(made) == [], "all but that part is out, as it was asked"
    made.tell(session.reported(T0 + 4, "Available", (1, 1)))
    assert waits(made) == []
    made.tell(session.reported(T0 + 5, "Available", (2, 1)))
    assert waits(made) == [(False, "Accepted")]


def test_an_answer_to_what_is_asked_no_more_says_nothing_of_what_is() -> None:
    made, session = world(((1, 1), wanted(1)), (WHOLE, wanted(2, operative=True)))
    made.tell(session.answered(T0 + 1, place=(1, 1)), session.answered(T0 + 2, operative=True, intent=2))
    assert out(made) == []
    made.tell(session.answered(T0 + 3, "Rejected", (1, 1)))
    assert (out(made), waits(made)) == ([], []), "it was returned with the whole"


def test_an_old_word_of_the_whole_does_not_hide_newer_ones_of_its_connectors() -> None:
    made, session = world((WHOLE, wanted(1)))
    made.tell(session.answered(T0 + 1), session.reported(T0 + 2, "Unavailable", WHOLE))
    assert waits(made) == []
    made.tell(session.reported(T0 + 3, "Available"))
    assert waits(made) == [(False, "Accepted")]


def test_what_was_agreed_after_another_was_asked_holds_until_that_is() -> None:
    made, session = world((WHOLE, wanted(2, operative=True)))
    made.tell(session.answered(T0 + 1, intent=1))
    assert [place for _, _, place in out(made)] == [WHOLE], "it was on its way when it was to come back"
    made.tell(session.answered(T0 + 2, "Rejected", operative=True, intent=2))
    assert ([place for _, _, place in out(made)], made.document.operative) == ([WHOLE], False)
    made, session = world((WHOLE, wanted(2, before=BEFORE)))
    made.tell(session.answered(T0 + 1, operative=True, intent=1), session.answered(T0 + 2, "Rejected", intent=2))
    assert (out(made), made.document.operative) == ([], True)


def test_with_its_place_an_intent_goes() -> None:
    made, session = world(((2, 1), wanted(1)), ((2, 0), wanted(2)), ((1, 1), wanted(3)), (WHOLE, wanted(4)))
    hardware.forget(made.one, [(2, 1)], T0 + 1, made.policy)
    assert set(made.one.intents) == {(1, 1), WHOLE}
    assert made.one.gone_intents == {(2, 1), (2, 0)}
    made.tell(session.reported(T0 + 2, place=(2, 1)))
    assert {(one.evse_id, one.connector_id) for one in made.document.intents} == {(0, 0), (1, 1)}


def test_a_place_that_is_gone_is_not_out_of_service() -> None:
    made, _ = world(((3, 1), wanted(1)))
    assert out(made) == []
