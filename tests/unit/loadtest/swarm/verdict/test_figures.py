"""What can be read off counters."""

import pytest

from loadtest.swarm.verdict.figures import Figures, between, bucket, joined, together

A, B = ("ocpp1.6", "StatusNotification"), ("GET", "/v1/stats")


def test_what_happened_between_two_moments_is_their_difference() -> None:
    before = {A: Figures(10, 1, {1.0: 9, 50.0: 1})}
    after = {A: Figures(15, 1, {1.0: 9, 2.0: 5, 50.0: 1}), B: Figures(1, 0, {3.0: 1})}
    assert between(before, after) == {A: Figures(5, 0, {2.0: 5}), B: Figures(1, 0, {3.0: 1})}


def test_several_are_one() -> None:
    assert together([Figures(2, 1, {1.0: 2}), Figures(3, 0, {1.0: 1, 2.0: 2})]) == Figures(5, 1, {1.0: 3, 2.0: 2})
    assert joined([{A: Figures(2, 1, {1.0: 2})}, {A: Figures(1, 0, {1.0: 1}), B: Figures(1)}]) == {
        A: Figures(3, 1, {1.0: 3}),
        B: Figures(1),
    }


def test_percentiles() -> None:
    figures = Figures(100, 0, {float(ms): 1 for ms in range(1, 101)})
    assert [figures.percentile(share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]
    assert Figures(1, 0, {7.0: 1}).percentile(0.99) == 7
    assert Figures().percentile(0.99) is None


def test_one_slow_one_among_ninety_nine_is_beyond_the_99th_percentile_and_two_are_not() -> None:
    assert Figures(100, 0, {1.0: 99, 500.0: 1}).percentile(0.99) == 1
    assert Figures(100, 0, {1.0: 98, 500.0: 2}).percentile(0.99) == 500


@pytest.mark.parametrize(
    ("ms", "in_bucket"),
    [(0.04, 0.0), (1.26, 1.3), (9.97, 10.0), (14.6, 15), (99.6, 100), (147, 150), (3432, 3400), (58760, 59000)],
)
def test_buckets_keep_two_significant_digits(ms: float, in_bucket: float) -> None:
    assert bucket(ms) == pytest.approx(in_bucket)
