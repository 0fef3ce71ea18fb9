"""Event time: the charger's time where it can be believed, the time of receipt where not; never later than that."""

import pytest

from shared.words.instant import LATEST
from tests.events import HOUR, MINUTE, SECOND, T0, Session
from tests.unit.ingest.rollup.worlds import World, told

RECEIVED = T0 + HOUR

BELIEVED: list[tuple[str, int | None, str | None, int, tuple[str, ...]]] = [
    # what the charger said (ms, and as sent) -> event time, flags; it was last heard at T0
    ("now", RECEIVED, "t", RECEIVED, ()),
    ("half an hour ago, while it was away", T0 + 30 * MINUTE, "t", T0 + 30 * MINUTE, ()),
    ("just after it was heard last", T0, "t", T0, ()),
    ("5 minutes before it was heard last", T0 - 5 * MINUTE, "t", T0 - 5 * MINUTE, ()),
    ("longer ago than that", T0 - 5 * MINUTE - 1, "t", RECEIVED, ("clock_suspect",)),
    ("a little ahead", RECEIVED + 1, "t", RECEIVED, ()),
    ("5 minutes ahead", RECEIVED + 5 * MINUTE, "t", RECEIVED, ()),
    ("further ahead", RECEIVED + 5 * MINUTE + 1, "t", RECEIVED, ("clock_suspect",)),
    ("1970", 0, "1970-01-01T00:00:00Z", RECEIVED, ("clock_suspect",)),
    ("the year 2200", LATEST, "2200-12-31T23:59:59.999Z", RECEIVED, ("clock_suspect",)),
    ("the year 1", None, "0001-01-01T00:00:00Z", RECEIVED, ("clock_suspect",)),
    ("nothing", None, None, RECEIVED, ()),
    ("nothing that can be read", None, "yesterday", RECEIVED, ("clock_suspect",)),
]


@pytest.mark.parametrize(
    ("says", "text", "event_time", "flags"), [row[1:] for row in BELIEVED], ids=[row[0] for row in BELIEVED]
)
def test_the_charger_is_believed_within_bounds(
    says: int | None, text: str | None, event_time: int, flags: tuple[str, ...]
) -> None:
    before, now = Session(epoch=1), Session(epoch=2)
    world = told(
        [
            before.began(T0 - MINUTE),
            before.ended(T0),
            now.began(RECEIVED),
            now.reported(RECEIVED, says=says, says_text=text),
        ]
    )
    row = world.history("STATUS")[-1]
    assert (row.event_time, row.flags) == (event_time, flags)
    assert (row.reported_at, row.reported_at_text) == (says, text), "both times are kept"
    assert world.one.reports[1, 1].since == event_time


def test_a_first_session_has_no_disconnect_to_go_by_but_its_own_beginning() -> None:
    session = Session()
    world = told(
        [
            session.began(T0),
            session.reported(T0, place=(1, 1), says=T0 - 5 * MINUTE),
            session.reported(T0, place=(2, 1), says=T0 - 5 * MINUTE - 1),
        ]
    )
    assert [(row.event_time, row.flags) for row in world.history("STATUS")] == [
        (T0 - 5 * MINUTE, ()),
        (T0, ("clock_suspect",)),
    ]


def two(first: int | None, second: int | None, received: tuple[int, int]) -> World:
    session = Session()
    return told(
        [
            session.began(T0),
            session.reported(received[0], "Charging", says=first),
            session.reported(received[1], "Available", says=second),
        ]
    )


def test_a_clock_two_hours_ahead_then_corrected_does_not_freeze_the_status() -> None:
    world = two(T0 + 2 * HOUR, T0 + 2 * SECOND, (T0 + SECOND, T0 + 2 * SECOND))
    assert world.connector().reported == "Available"
    assert [(row.event_time, row.flags) for row in world.history("STATUS")] == [
        (T0 + SECOND, ("clock_suspect",)),
        (T0 + 2 * SECOND, ()),
    ]


def test_a_clock_that_is_a_little_fast_does_not_move_what_follows() -> None:
    world = two(T0 + 4 * MINUTE, T0 + SECOND, (T0 + SECOND, T0 + 2 * SECOND))
    assert [(row.event_time, row.flags) for row in world.history("STATUS")] == [(T0 + SECOND, ()), (T0 + SECOND, ())]


@pytest.mark.parametrize("implausible", [(None, "2099"), (T0 + 9 * HOUR, "t"), (0, "1970")])
def test_one_implausible_time_in_a_backlog_does_not_move_the_next_ones(implausible: tuple[int | None, str]) -> None:
    before, now, away = Session(epoch=1), Session(epoch=2), T0 + HOUR
    says, text = implausible
    world = told(
        [
            before.began(T0),
            before.ended(T0),
            now.began(away),
            now.reported(away, "Preparing", says=T0 + 10 * MINUTE),
            now.reported(away, "Charging", says=says, says_text=text),
            now.reported(away, "Finishing", says=T0 + 30 * MINUTE),
            now.reported(away, "Available", says=T0 + 40 * MINUTE),
        ]
    )
    assert [(row.event_time - T0, row.flags) for row in world.history("STATUS")] == [
        (10 * MINUTE, ()),
        (HOUR, ("clock_suspect",)),
        (30 * MINUTE, ()),
        (40 * MINUTE, ()),
    ]


@pytest.mark.parametrize(("pause", "is_believed"), [(2 * SECOND, True), (2 * HOUR, False)])
def test_a_backlog_that_takes_two_sessions_keeps_its_times(pause: int, is_believed: bool) -> None:
    """The second session began after no outage (it was back within the grace), and may be long after the last one."""
    before, first, second = Session(epoch=1), Session(epoch=2), Session(epoch=3)
    back, again = T0 + 2 * HOUR, T0 + 2 * HOUR + pause
    world = told(
        [
            before.began(T0),
            before.ended(T0),
            first.began(back),
            first.reported(back, "Preparing", says=T0 + 10 * MINUTE),
            first.ended(again - SECOND),
            second.began(again),
            second.reported(again, "Charging", says=T0 + 20 * MINUTE),
        ]
    )
    row = world.history("STATUS")[-1]
    assert (row.event_time, row.flags) == ((T0 + 20 * MINUTE, ()) if is_believed else (again, ("clock_suspect",)))


def test_a_gateway_whose_clock_is_behind_does_not_make_an_event_later_than_its_receipt() -> None:
    fast, slow = Session(epoch=1), Session(epoch=2, gateway="gw-2")
    world = told([fast.reported(T0 + MINUTE, "Charging"), slow.reported(T0, "Available")])
    assert [row.event_time for row in world.history("STATUS")] == [T0 + MINUTE, T0]


def test_a_clock_stepped_far_back_is_suspect() -> None:
    world = two(T0 + SECOND, T0 - HOUR, (T0 + SECOND, T0 + 2 * SECOND))
    assert [(row.event_time, row.flags) for row in world.history("STATUS")] == [
        (T0 + SECOND, ()),
        (T0 + 2 * SECOND, ("clock_suspect",)),
    ]


def test_silence_about_the_time_is_not_suspect() -> None:
    world = two(T0 + SECOND, None, (T0 + SECOND, T0 + 2 * SECOND))
    assert [(row.event_time, row.flags) for row in world.history("STATUS")] == [
        (T0 + SECOND, ()),
        (T0 + 2 * SECOND, ()),
    ]


def test_each_place_has_a_time_of_its_own() -> None:
    session = Session()
    world = told(
        [
            session.began(T0),
            session.reported(T0 + HOUR, "Charging", (1, 1)),
            session.reported(T0 + HOUR, "Charging", (2, 1), says=T0 + MINUTE),
        ]
    )
    assert [row.event_time for row in world.history("STATUS")] == [T0 + HOUR, T0 + MINUTE]
