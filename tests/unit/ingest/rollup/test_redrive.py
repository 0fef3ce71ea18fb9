"""Which letters are meant, and how they read."""

import pytest

from ingest.rollup.log.dead_letters import headers_of, letter
from ingest.rollup.redrive.redrive import TIMES, Choice, Outcome, line, moment
from shared.words import instant
from shared.words.errors import Poison
from tests.events import HOUR, MINUTE, T0, Record

OF_A_RECORD = headers_of(Record(b"{}", offset=41, partition=3), Poison("invalid", "out of range"))


def test_a_letter_is_a_line() -> None:
    fresh = letter(Record(b"{}", headers=OF_A_RECORD), T0)
    assert line(fresh) == f"{instant.to_text(T0)}  invalid    from events/3/41, 2 bytes: out of range"
    back = letter(Record(b"{}", headers=[*OF_A_RECORD, ("redriven", b"2")]), T0)
    assert "2 bytes, sent again 2×: out of range" in line(back)


def test_a_choice_is_by_reason_and_by_when_they_were_set_aside() -> None:
    one = letter(Record(b"{}", headers=OF_A_RECORD), T0)
    assert Choice().means(one)
    assert Choice(reasons=frozenset({"empty", "invalid"}), since=T0).means(one)
    assert not Choice(reasons=frozenset({"empty"})).means(one)
    assert not Choice(since=T0 + 1).means(one)


def test_what_came_back_too_often_wants_force() -> None:
    twice, often = (
        letter(Record(b"{}", headers=[("redriven", str(times).encode())]), T0) for times in (TIMES - 1, TIMES)
    )
    assert [Choice().allows(twice), Choice().allows(often), Choice(force=True).allows(often)] == [True, False, True]


def test_the_status_says_whether_all_that_matched_was_done() -> None:
    assert [Outcome(3).status, Outcome().status, Outcome(3, refused=1).status] == [0, 1, 1]


def test_a_moment_is_an_age_or_a_time_with_its_zone() -> None:
    assert (moment("90m", T0), moment("2h", T0), moment("7d", T0)) == (T0 - 90 * MINUTE, T0 - 2 * HOUR, T0 - 168 * HOUR)
    assert moment("2027-01-15T08:00:00Z", 0) == moment("2027-01-15T09:00:00+01:00", 0) == T0
    for wrong in ("2027-01-15T08:00:00", "soon", "5y"):
        with pytest.raises(ValueError, match=r"time zone|Invalid isoformat"):
            moment(wrong, T0)
