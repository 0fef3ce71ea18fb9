"""Instants and their two outside forms."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.words import instant

EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999


@given(st.integers(EARLIEST, LATEST))
def test_a_moment_leads_back(at: int) -> None:
    assert instant.from_datetime(instant.to_datetime(at)) == at


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_800_000_000_001, "2027-01-15T08:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (EARLIEST, "0001-01-01T00:00:00.000Z"),
        (LATEST, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_the_text_is_rfc_3339_in_utc_with_three_decimals(at: int, text: str) -> None:
    assert instant.to_text(at) == text


def test_what_is_finer_than_a_millisecond_is_cut_off_and_never_rounded_up() -> None:
    assert instant.from_datetime(datetime(1970, 1, 1, 0, 0, 0, 1_999, tzinfo=UTC)) == 1


def test_any_time_zone_is_the_same_instant() -> None:
    assert instant.from_datetime(datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == 0
