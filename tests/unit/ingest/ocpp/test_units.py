import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.ocpp.units import clean, clean_or_none, milliseconds

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
        ("1969-12-31T23:59:59.999Z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("2016-12-31T23:59:60.25Z", 1_483_228_800_250),
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
        ":60" * 5000,
        "\ud800",
    ],
)
def test_a_timestamp_that_nobody_can_read_is_none(text: str) -> None:
    assert milliseconds(text) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-05:00", "9999-12-31T23:59:60Z"])
def test_a_timestamp_outside_the_calendar_is_none(text: str) -> None:
    assert milliseconds(text) is None


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
