"""Flags: a car that stays, a charger that is silent, words that come and go."""

import pytest

from ingest.rollup.fold import flags, hardware
from ingest.rollup.fold.fold import Policy
from tests.events import HOUR, MINUTE, T0, Session
from tests.unit.ingest.rollup.worlds import World, told

STUCK_MS = 4 * HOUR
PLACE = (1, 1)


def look(world: World, at: int, *changing: tuple[int, int], asked: bool = False) -> bool:
    """One look of the sweep, at the rows and not at what is remembered."""
    changed = flags.flag(world.one, changing, at, stuck_ms=STUCK_MS, asked=asked)
    world.reload()
    return changed


@pytest.mark.parametrize("word", ["Preparing", "SuspendedEV", "SuspendedEVSE", "Finishing"])
def test_a_car_that_stays_without_charging_is_stuck_until_the_next_word(word: str) -> None:
    session = Session()
    world = told([session.reported(T0, "Charging"), session.reported(T0 + HOUR, word)])
    assert not look(world, T0 + 5 * HOUR), "charging counts for nothing"
    world.tell(session.reported(T0 + 5 * HOUR, word, info="again"), session.reported(T0 + 5 * HOUR, word))
    assert look(world, T0 + 5 * HOUR + 1), "a repeated word is no other word"
    assert (world.connector().stuck, world.document.stuck) == (True, True)
    assert not look(world, T0 + 6 * HOUR), "nothing new"
    world.tell(session.reported(T0 + 6 * HOUR, word, info="and again"))
    assert world.connector().stuck
    world.tell(session.reported(T0 + 6 * HOUR, "Charging"))
    world.reload()
    assert (world.connector().stuck, world.document.stuck) == (False, False), "before the next look"


@pytest.mark.parametrize(
    ("word", "protocol"), [("Charging", "ocpp1.6"), ("Occupied", "ocpp2.0.1"), ("Faulted", "ocpp2.1")]
)
def test_a_word_that_does_not_say_that_nothing_happens_is_never_stuck(word: str, protocol: str) -> None:
    world = told([Session(protocol=protocol).reported(T0, word)])
    assert not look(world, T0 + 100 * HOUR)


def test_who_is_away_is_not_stuck_and_is_again_when_back() -> None:
    session = Session()
    world = told([session.reported(T0, "Finishing")])
    assert look(world, T0 + 5 * HOUR)
    world.tell(session.ended(T0 + 5 * HOUR, "silent"))
    assert look(world, T0 + 5 * HOUR)
    assert not world.document.stuck
    world.tell(Session(epoch=2).began(T0 + 6 * HOUR))
    assert look(world, T0 + 6 * HOUR)
    assert world.document.stuck


def test_a_clock_that_is_set_back_raises_nothing() -> None:
    world = told([Session().reported(T0, "Finishing")])
    assert not look(world, T0 - 100 * HOUR)


@pytest.mark.parametrize("place", [(1, 1), (1, 0), (0, 0)])
def test_a_place_flaps_as_long_as_the_sweep_finds_it(place: tuple[int, int]) -> None:
    session = Session(protocol="ocpp2.0.1")
    world = told([session.reported(T0), session.reported(T0, place=place)])
    assert look(world, T0, place)
    assert world.document.flapping
    assert world.connector().flapping is (place == (1, 1))
    world.tell(session.reported(T0 + 1, "Faulted", place))
    world.reload()
    assert world.document.flapping, "a word more is no reason to stop"
    assert look(world, T0 + MINUTE)
    assert not world.document.flapping


def test_who_was_asked_and_says_nothing_of_its_places_is_stuck() -> None:
    session = Session()
    world = told([session.began(T0)])
    assert not look(world, T0 + MINUTE), "it has time to answer"
    assert look(world, T0 + 2 * MINUTE, asked=True)
    assert world.document.stuck
    assert not look(world, T0 + 3 * MINUTE), "it stays so, whether its row was written meanwhile or not"
    world.tell(session.reported(T0 + 3 * MINUTE))
    world.reload()
    assert not world.document.stuck


@pytest.mark.parametrize("why", ["away", "refused", "closed"])
def test_who_is_away_or_not_let_in_is_not_silent(why: str) -> None:
    session = Session()
    world = told([session.began(T0)])
    assert look(world, T0, asked=True)
    if why == "refused":
        world.one.registration = "REJECTED"
    else:
        world.tell(session.ended(T0 + MINUTE, "silent" if why == "away" else "closed"))
    assert look(world, T0 + MINUTE)
    assert not world.document.stuck


def test_words_of_former_hardware_alone_are_nothing() -> None:
    former, newer = Session(epoch=1), Session(epoch=2)
    world = told([former.booted(T0, serial="A"), former.reported(T0), newer.began(T0), newer.booted(T0, serial="B")])
    hardware.mark_unreported(world.one, T0 + 2 * MINUTE, Policy())
    assert look(world, T0 + 3 * MINUTE, asked=True)
    assert world.document.stuck
