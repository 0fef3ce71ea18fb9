"""Moments and steps as clients write them."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http import times


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T08:15:30Z",
        "2026-03-01t08:15:30z",
        "2026-03-01 08:15:30",
        "2026-03-01T09:15:30+01:00",
        "2026-03-01T08:15:30.000000000Z",
    ],
)
def test_rfc_3339_is_read_and_naive_is_utc(text: str) -> None:
    assert times.moment(text) == datetime(2026, 3, 1, 8, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "2026-03-01", "2026-W09-7T08:15:30Z", "20260301T081530Z", "1772352930", "2026-03-01T08:15Z",
     "2026-02-29T00:00:00Z", "0001-01-01T00:00:00+01:00", "2026-03-01T08:15:30 01:00"],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        times.moment(text)


@given(st.text(max_size=30))
def test_no_text_breaks_it(text: str) -> None:
    for read in (times.moment, times.step):
        with contextlib.suppress(ValueError):
            assert read(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1m", 60), ("15m", 900), ("1440m", 86_400), ("24h", 86_400), ("1d", 86_400)]
)
def test_a_step_is_minutes_hours_or_a_day(text: str, seconds: int) -> None:
    assert times.step(text) == seconds


@pytest.mark.parametrize("text", ["", "0m", "1s", "1441m", "25h", "2d", "01h", "1.5h", "-1m", "1M", "99999m"])
def test_what_is_no_step_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="from 1m to 1d"):
        times.step(text)
