"""A token bucket a token."""

import pytest

from api.http.problems import TooMany
from api.http.rate_limit import MOST, RateLimit


def test_off_by_default_is_off() -> None:
    limit = RateLimit(0)
    for _ in range(10_000):
        limit.take("a", 0)


def test_a_share_can_be_used_at_once_and_comes_back_evenly() -> None:
    limit = RateLimit(60)
    for _ in range(60):
        limit.take("a", 100)
    with pytest.raises(TooMany) as refused:
        limit.take("a", 100)
    assert refused.value.headers == {"Retry-After": "1"}
    limit.take("a", 101)
    with pytest.raises(TooMany):
        limit.take("a", 101.5)
    limit.take("a", 102)


def test_waiting_as_long_as_told_is_enough() -> None:
    limit = RateLimit(7)
    now = 0.0
    for _ in range(50):
        try:
            limit.take("a", now)
        except TooMany as refused:
            now += int(refused.headers["Retry-After"])
            limit.take("a", now)


def test_nothing_is_saved_up_beyond_one_share() -> None:
    limit = RateLimit(2)
    limit.take("a", 0)
    for _ in range(2):
        limit.take("a", 10_000)
    with pytest.raises(TooMany):
        limit.take("a", 10_000)


def test_each_token_has_its_own() -> None:
    limit = RateLimit(1)
    limit.take("a", 0)
    limit.take("b", 0)
    with pytest.raises(TooMany):
        limit.take("a", 0)


def test_of_too_many_the_one_that_was_silent_longest_is_forgotten() -> None:
    limit = RateLimit(1)
    limit.take("first", 0)
    limit.take("second", 0)
    with pytest.raises(TooMany):
        limit.take("first", 0)
    for one in range(MOST - 1):
        limit.take(str(one), 0)
    limit.take("second", 0)
    with pytest.raises(TooMany):
        limit.take(str(MOST - 2), 0)
    assert len(limit._buckets) == MOST
