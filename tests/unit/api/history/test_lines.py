"""Cursors of a history: what goes in comes out, and nothing else is let in."""

import contextlib
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from api.history import lines
from api.http import pages
from api.http.problems import Invalid

moments = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments, st.integers(1, 10**18 - 1))
def test_a_page_goes_on_after_a_line_of_history(received_at: datetime, id_: int) -> None:
    assert lines.last_line(lines.cursor(received_at, id_)) == (received_at, id_)


@given(st.text(max_size=60))
def test_no_text_breaks_the_cursor_of_a_history(text: str) -> None:
    for cursor in (text, pages.encode("h", text) if text.isascii() else ""):
        with contextlib.suppress(Invalid):
            lines.last_line(cursor)
