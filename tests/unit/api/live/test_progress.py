"""What boards are told of how far behind rollups are, by the marks that are looked at."""

import pytest

from api.live.progress import EVERY_S, KEPT_S, Progress
from shared.stores.changes import Followed


def mark(behind_s: int | None = None, lapsed_s: int | None = None) -> Followed:
    return Followed([], True, True, 0, lapsed_s, behind_s, b"")


@pytest.fixture
def progress() -> Progress:
    return Progress()


def test_it_is_told_every_few_seconds_and_once_when_it_is_over(progress: Progress) -> None:
    told = [(at, progress.seconds) for at in range(100, 112) if progress.take(mark(140 if at < 110 else 3), at)]
    assert told == [(100, 140), (100 + EVERY_S, 140), (110, 0)]


def test_a_batch_is_no_lag(progress: Progress) -> None:
    assert not progress.take(mark(29), 100)
    assert progress.seconds == 0
    assert progress.take(mark(30), 101)
    assert progress.seconds == 30


def test_what_was_known_counts_while_rollups_share_the_log_out_anew_but_not_for_ever(progress: Progress) -> None:
    progress.take(mark(90), 100)
    progress.take(mark(), 100 + KEPT_S)
    assert progress.seconds == 90
    assert progress.take(mark(), 101 + KEPT_S)  # of a former version
    assert progress.seconds == 0


def test_rollups_that_all_stand_still_are_behind(progress: Progress) -> None:
    progress.take(mark(lapsed_s=20), 100)
    assert progress.seconds == 0
    progress.take(mark(lapsed_s=60), 140)
    assert progress.seconds == 60
    progress.take(mark(), 141)  # started, and nothing read yet
    assert progress.seconds == 60
    progress.take(mark(75), 144)
    assert progress.seconds == 75
    progress.take(mark(lapsed_s=5), 150)  # and dies: what waited waits
    assert progress.seconds == 75
    progress.take(mark(lapsed_s=80), 225)
    assert progress.seconds == 80
    progress.take(mark(0), 226)
    assert progress.seconds == 0


def test_a_mark_that_never_was_says_nothing(progress: Progress) -> None:
    never = mark(500, lapsed_s=1_767_225_600)
    progress.take(never, 100)
    assert progress.seconds == 0
    progress.take(mark(90), 101)
    progress.take(never, 102)
    assert progress.seconds == 90
