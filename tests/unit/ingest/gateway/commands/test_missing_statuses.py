"""What a session asks for that was not reported in it, when, and in which order."""

from collections.abc import Collection, Iterator
from math import inf

import pytest

from ingest.gateway.commands.missing_statuses import REPORT_S, TURN_S, MissingStatuses, Place
from ingest.gateway.commands.pace import Pace
from ingest.ocpp.commands import Command, Resync, TriggerMessage
from shared.words.event import MOST_PLACES, StatusReported
from tests.events import T0, Session

SETTLE_S = 45.0


def reported(*places: Place) -> list[StatusReported]:
    return [Session().reported(T0, place=place) for place in places]


def trigger(evse_id: int, connector_id: int) -> TriggerMessage:
    return TriggerMessage("StatusNotification", evse_id, connector_id)


class Talk:
    """A session from second 0 on, and what it asks."""

    def __init__(self, *, is_2x: bool = False, places: Collection[Place] = ()) -> None:
        self.statuses = MissingStatuses(0.0, SETTLE_S, is_2x=is_2x)
        self.places = places
        self.pace = Pace(1000, 0)

    def asked(self, until_s: float, *, answer: bool | None = True, since_s: float = 0.0) -> list[tuple[float, Command]]:
        """All that is asked, second by second; each is answered at once, with a yes or a no, or not at all."""
        said, now = [], since_s
        while now <= until_s:
            if self.statuses.wants_places(now):
                self.statuses.known(self.places)
            while (command := self.statuses.take(now, self.pace)) is not None:
                said.append((now, command))
                if answer is not None:
                    self.statuses.answered(now, is_accepted=answer)
            now += 1
        return said


@pytest.mark.parametrize("is_2x", [False, True])
def test_a_session_in_which_all_was_reported_asks_nothing(is_2x: bool) -> None:
    talk = Talk(is_2x=is_2x, places=[(0, 0), (1, 1), (2, 1)])
    talk.statuses.reported(reported((0, 0), (1, 1), (2, 1)))
    assert talk.asked(300) == []


def test_1_6_is_asked_for_each_connector_that_is_missing() -> None:
    talk = Talk(places=[(0, 0), (1, 1), (2, 1), (3, 1)])
    talk.statuses.reported(reported((0, 0), (2, 1)))
    assert talk.asked(300) == [(SETTLE_S, trigger(1, 1)), (SETTLE_S, trigger(3, 1))]


def test_1_6_is_asked_for_everything_when_connector_0_is_missing_too_and_then_for_what_is_still_missing() -> None:
    talk = Talk(places=[(0, 0), (1, 1), (2, 1)])
    assert talk.asked(SETTLE_S) == [(SETTLE_S, Resync())]
    talk.statuses.reported(reported((0, 0), (2, 1)))  # a charger that answers with connector 0, or half of them
    assert talk.asked(300, since_s=SETTLE_S + 1) == [(SETTLE_S + REPORT_S, trigger(1, 1))]


def test_1_6_is_not_asked_for_places_of_a_device_with_another_dialect() -> None:
    talk = Talk(places=[(0, 0), (1, 1), (1, 2)])
    talk.statuses.reported(reported((0, 0)))
    assert talk.asked(300) == [(SETTLE_S, trigger(1, 1))]


@pytest.mark.parametrize("answer", [False, None])
@pytest.mark.parametrize("is_2x", [False, True])
def test_a_charger_that_refuses_the_whole_or_stays_silent_is_asked_one_by_one(is_2x: bool, answer: bool | None) -> None:
    places = [(1, 1), (1, 2), (2, 1)] if is_2x else [(1, 1), (2, 1), (3, 1)]
    talk = Talk(is_2x=is_2x, places=[(0, 0), *places])
    at = SETTLE_S if answer is False else SETTLE_S + REPORT_S
    rest = [(at, trigger(*place)) for place in places]
    assert talk.asked(300, answer=answer) == [(SETTLE_S, Resync()), *rest]


@pytest.mark.parametrize("is_2x", [False, True])
def test_of_whom_nothing_is_known_everything_is_asked_then_the_connector_that_everybody_has(is_2x: bool) -> None:
    talk = Talk(is_2x=is_2x)
    assert talk.asked(300) == [(SETTLE_S, Resync()), (SETTLE_S + REPORT_S, trigger(1, 1))]


@pytest.mark.parametrize("is_2x", [False, True])
def test_of_whom_only_the_whole_is_known_its_first_connector_is_asked_for(is_2x: bool) -> None:
    talk = Talk(is_2x=is_2x, places=[(0, 0)])
    talk.statuses.reported(reported((0, 0)))
    commands = [command for _, command in talk.asked(300)]
    assert commands == ([Resync(), trigger(1, 1)] if is_2x else [trigger(1, 1)])


def test_an_inventory_tells_of_all_connectors_of_the_evses_that_it_lists() -> None:
    talk = Talk(is_2x=True, places=[(1, 1), (1, 2), (2, 1), (3, 0)])
    assert talk.asked(SETTLE_S) == [(SETTLE_S, Resync())]
    talk.statuses.reported([Session().inventoried(T0, 1, 3, first_sequence=0)])
    assert talk.asked(300, since_s=SETTLE_S + 1) == [(SETTLE_S + REPORT_S, trigger(2, 1))]


def test_a_boot_begins_the_wait_again_and_what_was_said_before_counts_no_more() -> None:
    talk = Talk(places=[(1, 1)])
    talk.statuses.reported(reported((1, 1)))
    assert talk.asked(100) == []
    talk.statuses.booted(100)
    assert talk.asked(400, since_s=100) == [(100 + SETTLE_S, trigger(1, 1))]


@pytest.mark.parametrize("before_s", [10, 200])
def test_what_was_refused_is_asked_for_at_once_and_the_rest_in_its_time(before_s: float) -> None:
    talk = Talk(places=[(1, 1), (2, 1)])
    first = talk.asked(before_s - 1)
    talk.statuses.refused(reported((2, 1)), before_s)
    said = [*first, *talk.asked(400, since_s=before_s)]
    whole = [(SETTLE_S, trigger(1, 1)), (SETTLE_S, trigger(2, 1))]
    assert sorted(said, key=lambda one: one[0]) == sorted([(before_s, trigger(2, 1)), *whole], key=lambda one: one[0])


def test_what_was_refused_and_then_reported_is_not_asked_for() -> None:
    talk = Talk(places=[(1, 1)])
    talk.asked(100)
    talk.statuses.refused(reported((1, 1)), 101)
    talk.statuses.reported(reported((1, 1)))
    assert talk.asked(300, since_s=101) == []


def test_what_was_refused_of_a_2_x_charger_is_asked_for_as_a_whole_first() -> None:
    talk = Talk(is_2x=True, places=[(1, 1)])
    talk.asked(200)
    talk.statuses.refused(reported((1, 1)), 201)
    assert talk.asked(300, since_s=201) == [(201, Resync()), (201 + REPORT_S, trigger(1, 1))]


@pytest.mark.parametrize("is_2x", [False, True])
def test_who_is_silent_to_one_question_is_asked_no_other_so_that_commands_have_their_turn(is_2x: bool) -> None:
    talk = Talk(is_2x=is_2x, places=[(0, 0), *((n, 1) for n in range(1, 256))])
    statuses, said, now = talk.statuses, list[Command](), SETTLE_S
    while now < 9000:
        if statuses.wants_places(now):
            statuses.known(talk.places)
        if (command := statuses.take(now, talk.pace)) is not None:
            said.append(command)
            now += 30
            statuses.unanswered(now)
        now += 1
    assert said == [Resync(), trigger(1, 1)]


def test_who_waits_for_its_turn_is_due_when_it_comes_and_does_not_look_at_its_places_until_then() -> None:
    class Seen(tuple[Place, ...]):
        looks = 0

        def __iter__(self) -> Iterator[Place]:
            Seen.looks += 1
            return super().__iter__()

    talk = Talk(places=Seen([(1, 1)]))
    talk.pace = Pace(1, SETTLE_S)
    others = [talk.pace.turn(SETTLE_S) for _ in range(100)]
    assert talk.asked(SETTLE_S) == []
    assert talk.statuses.due_at(SETTLE_S) == others[-1] + 1
    assert talk.asked(300, since_s=SETTLE_S) == [(others[-1] + 1, trigger(1, 1))]
    assert Seen.looks == 3, "when it wants a turn, when it has it, and when nothing is left to ask"


def test_who_missed_its_turn_waits_for_another() -> None:
    talk = Talk(places=[(1, 1)])
    talk.pace = Pace(1, SETTLE_S)
    first = talk.pace.turn(SETTLE_S)
    assert talk.asked(SETTLE_S) == []
    late = first + 1 + TURN_S + 1  # nothing could be asked for until then
    for _ in range(5):
        talk.pace.turn(late)
    assert talk.asked(late, since_s=late) == []
    assert talk.statuses.due_at(late) == late + 5


@pytest.mark.parametrize("how", ["left", "restarted", "reported"])
def test_who_comes_and_goes_takes_no_turn_from_who_stays(how: str) -> None:
    pace = Pace(1, SETTLE_S)
    pace.turn(SETTLE_S)
    for _ in range(100):
        other = Talk(places=[(1, 1)])
        other.pace = pace
        assert other.asked(SETTLE_S) == []
        match how:
            case "left":
                other.statuses.end()
            case "restarted":
                other.statuses.booted(SETTLE_S)
            case _:
                other.statuses.refused(reported((1, 1)), SETTLE_S)
                other.statuses.reported(reported((1, 1)))
                assert other.asked(SETTLE_S, since_s=SETTLE_S) == []
    talk = Talk(places=[(1, 1)])
    talk.pace = pace
    assert talk.asked(SETTLE_S + 2) == [(SETTLE_S + 1, trigger(1, 1))]


def test_who_restarts_while_it_waits_long_for_its_turn_keeps_it() -> None:
    talk = Talk(places=[(1, 1)])
    talk.pace = Pace(1, SETTLE_S)
    others = [talk.pace.turn(SETTLE_S) for _ in range(100)]
    assert talk.asked(SETTLE_S) == []
    talk.statuses.booted(SETTLE_S)
    assert talk.pace.turn(SETTLE_S) == others[-1] + 2
    assert talk.asked(300, since_s=SETTLE_S) == [(others[-1] + 1, trigger(1, 1))]


def test_a_turn_that_is_given_back_goes_to_the_next_unless_it_is_over() -> None:
    pace = Pace(1, 100)
    turns = [pace.turn(100) for _ in range(4)]
    assert turns == [100, 101, 102, 103]
    pace.give_back(102)
    pace.give_back(100)
    assert [pace.turn(101.5) for _ in range(2)] == [102, 104]


def test_nothing_is_due_until_the_places_are_known() -> None:
    statuses = MissingStatuses(0.0, SETTLE_S, is_2x=False)
    assert statuses.due_at(1) == SETTLE_S
    statuses.is_looking = True
    assert statuses.due_at(1) == inf
    statuses.known([(1, 1)])
    assert statuses.due_at(1) == SETTLE_S


def test_after_a_storm_the_questions_are_spread() -> None:
    talks = [Talk(places=[(1, 1)]) for _ in range(3000)]
    pace = Pace(50, 0)
    at = []
    for second in range(int(SETTLE_S), 200):
        for talk in talks:
            talk.pace = pace
            at += [when for when, _ in talk.asked(second, since_s=second)]
    assert len(at) == len(talks)
    assert at[-1] - at[0] >= len(talks) / 50 - 2


def test_a_charger_that_reports_ever_more_places_is_not_remembered_without_bound() -> None:
    talk = Talk(places=[(1, 1)])
    for evse_id in range(256):
        for connector_id in range(40):
            talk.statuses.reported(reported((evse_id, connector_id)))
            talk.statuses.refused(reported((evse_id, connector_id)), 1)
    assert len(talk.statuses._reported) <= MOST_PLACES + 1
    assert len(talk.statuses._owed) <= MOST_PLACES + 1
