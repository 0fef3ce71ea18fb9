"""Cursors: what goes in comes out, and nothing else is let in."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http import pages
from api.http.problems import Invalid


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64))
def test_a_cursor_leads_back_to_its_id(last: str) -> None:
    cursor = pages.encode("s", last)
    assert pages.decode("s", cursor) == last
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_no_cursor_is_the_beginning() -> None:
    assert pages.decode("s", None) == ""


def coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!!!", "ä", coded(b"S1"), coded(b"s:"), coded(b"s:\0"), coded(b"s:\xff"), pages.encode("c", "S1")],
)
def test_what_is_no_cursor_of_this_list_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        pages.decode("s", cursor)
    assert [error.field for error in refused.value.errors] == ["cursor"]


@given(st.text(max_size=200))
def test_no_text_breaks_it(cursor: str) -> None:
    with contextlib.suppress(Invalid):
        assert pages.decode("s", cursor).isprintable()


def test_a_number_leads_back_and_what_is_none_is_refused() -> None:
    assert pages.decode_number("a", pages.encode("a", "17")) == 17
    assert pages.decode_number("a", None) is None
    for wrong in (pages.encode("a", "x"), pages.encode("a", "-1"), pages.encode("a", "9" * 19), coded(b"b:1")):
        with pytest.raises(Invalid):
            pages.decode_number("a", wrong)
