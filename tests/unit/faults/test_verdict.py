"""The reckoning finds what it is there for: each kind of wrong, and nothing where all is right."""

from random import Random

import pytest

from tests.faults.book import Book
from tests.faults.verdict import Line, Verdict, judge_copies, judge_history, judge_outages, judge_state

PLACE = (1, 1)
WORDS = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")


def book(*statuses: str, unanswered: tuple[int, ...] = ()) -> Book:
    """A book of these statuses, all acknowledged but those numbers."""
    made = Book("CP", WORDS)
    for number, status in enumerate(statuses):
        one = made.send(PLACE, status, at=1000.0 + number, amid_fault=False)
        if number not in unanswered:
            one.acked_at = one.at + 0.1
    return made


def lines(of: Book, *numbers: int) -> list[Line]:
    return [Line(of.sent[PLACE][number].tag, of.sent[PLACE][number].status) for number in numbers]


def found(of: Book, *numbers: int) -> dict[str, int]:
    verdict = Verdict()
    judge_history(of, PLACE, lines(of, *numbers), verdict)
    return dict(verdict.counts)


def test_a_complete_history_is_right() -> None:
    assert found(book("Available", "Occupied", "Faulted"), 0, 1, 2) == {}


def test_an_unanswered_status_may_be_there_or_not() -> None:
    one = book("Available", "Occupied", "Faulted", unanswered=(1,))
    assert found(one, 0, 2) == found(one, 0, 1, 2) == {}


@pytest.mark.parametrize(
    ("numbers", "wrong"),
    [
        ((0, 2), {"lost": 1}),
        ((), {"lost": 3}),
        ((0, 1, 1, 2), {"doubled": 1}),
        ((1, 0, 2), {"out of order": 1}),
    ],
)
def test_what_is_wrong_is_found(numbers: tuple[int, ...], wrong: dict[str, int]) -> None:
    assert found(book("Available", "Occupied", "Faulted"), *numbers) == wrong


def test_a_repeat_of_what_may_be_known_need_not_be_a_line() -> None:
    one = book(*WORDS, "Faulted", unanswered=(1, 2, 3, 4))
    assert one.next_status(PLACE, Random(1)) != "Faulted"
    assert one.sent[PLACE][-1].repeats
    assert found(one, 0, 1, 2, 3, 4) == {}


def test_the_next_status_is_never_one_that_may_be_known() -> None:
    one = book("Available", "Occupied", "Reserved", "Unavailable", unanswered=(1, 2, 3))
    assert {one.next_status(PLACE, Random(seed)) for seed in range(20)} == {"Faulted"}
    one.send(PLACE, "Faulted", at=2000.0, amid_fault=False)
    assert one.next_status(PLACE, Random(1)) is None


@pytest.mark.parametrize(("served", "wrong"), [("Occupied", {}), ("Faulted", {}), ("Available", {"wrong state": 1})])
def test_the_state_is_the_last_acknowledged_word_or_one_after_it(served: str, wrong: dict[str, int]) -> None:
    verdict = Verdict()
    judge_state(book("Available", "Occupied", "Faulted", unanswered=(2,)), PLACE, served, verdict)
    assert dict(verdict.counts) == wrong


@pytest.mark.parametrize(
    ("offline_at", "wrong"), [([1010.0], {}), ([], {"missing outage": 1}), ([1500.0], {"missing outage": 1})]
)
def test_a_long_absence_has_its_outage(offline_at: list[float], wrong: dict[str, int]) -> None:
    one, verdict = Book("CP", WORDS), Verdict()
    one.went_away(1000.0, 1030.0)
    one.went_away(1100.0, 1101.0)
    assert judge_outages(one, offline_at, 15, verdict) == 1
    assert dict(verdict.counts) == wrong


def test_a_copy_that_differs_is_found() -> None:
    verdict = Verdict()
    judge_copies({"A": b"1"}, {"A": b"1", "B": b"2"}, verdict)
    assert dict(verdict.counts) == {"Redis differs": 1}
