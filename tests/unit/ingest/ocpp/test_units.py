import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.ocpp.units import clean, clean_or_none, is_time, milliseconds
from shared.words.instant import EARLIEST, LATEST

NOON = 1_714_566_896_000  # 2024-05-01T12:34:56Z


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2024-05-01T12:34:56Z", NOON),
        ("2024-05-01T12:34:56.789Z", NOON + 789),
        ("2024-05-01T12:34:56.7Z", NOON + 700),
        ("2024-05-01T12:34:56.7891234Z", NOON + 789),
        ("2024-05-01T12:34:56", NOON),
        ("2024-05-01T14:34:56+02", NOON),
        ("2024-05-01T14:34:56.5+02:00", NOON + 500),
        ("2024-05-01T07:04:56-0530", NOON),
        ("2024-05-01 12:34:56Z", NOON),
        ("2024-05-01t12:34:56z", NOON),
        (" 2024-05-01T12:34:56Z ", NOON),
        ("1970-01-01T00:00:00.740Z", 740),
        ("1970-01-01T00:00:00Z", EARLIEST),
        ("2200-12-31T23:59:59.999Z", LATEST),
        ("2200-12-31T23:59:59.9999999Z", LATEST),
        ("1969-12-31T23:00:00-01:00", EARLIEST),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("2016-12-31T23:59:60.25Z", 1_483_228_800_250),
        ("2024-04-30T24:00:00Z", NOON - 45_296_000),
        ("2024-04-30T24:00Z", NOON - 45_296_000),
        ("2024-04-30 24:00:00.000+02:00", NOON - 45_296_000 - 7_200_000),
        ("2024-W18-3T12:34:56Z", NOON),
        ("20240501T123456Z", NOON),
        ("2024-05-01T12:34:56,5Z", NOON + 500),
    ],
)
def test_timestamps_of_the_field_are_read(text: str, ms: int) -> None:
    assert milliseconds(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "yesterday",
        "1714566896",
        "2024-13-01T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-05-01T12:34:61Z",
        "2024-05-01T12:34:56+99:00",
        "20244-05-01T12:34:56Z",
        "2024-05-01T12:60:60Z",
        "2024-05-01T24:00:01Z",
        "2024-05-01T24:00:00.1Z",
        "2024-05-01T24:01Z",
        "2024-05-01T25:00:00Z",
        "2024-02-30T24:00:00Z",
        "２０２４-05-01T12:34:56Z",
        "2024-05-01T12:34:56\u221201:00",
        "\u202e2024-05-01T12:34:56Z",
        ":60" * 5000,
        "\ud800",
    ],
)
def test_a_timestamp_that_nobody_can_read_is_none(text: str) -> None:
    assert milliseconds(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00.000-14:00",
        "1969-12-31T23:59:59.999Z",
        "1970-01-01T00:00:00+00:01",
        "2201-01-01T00:00:00Z",
        "2200-12-31T23:59:60Z",
        "2200-12-31T24:00:00Z",
        "9999-12-31T23:59:59.999Z",
        "9999-12-31T23:59:59-05:00",
        "9999-12-31T23:59:60Z",
        "9999-12-31T24:00:00Z",
    ],
)
def test_a_time_outside_the_years_1970_to_2200_is_no_instant_but_a_time(text: str) -> None:
    assert milliseconds(text) is None
    assert is_time(text)


@given(st.text())
def test_no_text_makes_the_reading_of_times_raise(text: str) -> None:
    milliseconds(text)


def test_nul_and_half_surrogate_pairs_are_dropped_before_the_text_is_cut() -> None:
    assert clean("E\x001", 50) == "E1"
    assert clean("a\ud800b\udfffc", 50) == "abc"
    assert clean("é€😀", 50) == "é€😀"
    assert clean("\x00\x00abc", 2) == "ab"


@given(st.text(alphabet=st.characters() | st.sampled_from("\0\ud800\udfff")), st.integers(min_value=0, max_value=20))
def test_cleaned_text_is_storable(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert "\0" not in cleaned
    assert len(cleaned) <= limit
    cleaned.encode("utf-8")


@pytest.mark.parametrize("nothing", [None, "", "\0", "\ud800"])
def test_absent_and_empty_are_the_same(nothing: str | None) -> None:
    assert clean_or_none(nothing, 50) is None
