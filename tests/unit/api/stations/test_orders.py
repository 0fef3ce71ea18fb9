"""Cursors of sorted lists: what goes in comes out, and nothing else is let in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http import pages
from api.http.problems import Invalid
from api.stations.orders import ByDistance, ById, ByName

ids = st.from_regex(r"[A-Za-z0-9._~-]{1,64}", fullmatch=True)
names = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=200)


@given(names, ids)
def test_a_page_goes_on_after_a_name(name: str, id_: str) -> None:
    order = ByName("sn", "name", "id")
    cursor = order.cursor({"o0": name, "o1": id_})
    assert order.last(cursor) == (("text", name), ("text", id_))
    assert len(cursor) <= 4000


@given(st.floats(0, 1e8), ids)
def test_a_page_goes_on_after_a_distance(metres: float, id_: str) -> None:
    order = ByDistance("sd", "id")
    assert order.last(order.cursor({"o0": metres, "o1": id_})) == (("float8", metres), ("text", id_))


@pytest.mark.parametrize(
    ("order", "cursor"),
    [
        (ByName("sn", "n", "i"), pages.encode("sn", "no-colon")),
        (ByName("sn", "n", "i"), pages.encode("sn", "S1:a%00")),
        (ByName("sn", "n", "i"), pages.encode("s", "S1")),
        (ByDistance("sd", "i"), pages.encode("sd", "nan:S1")),
        (ByDistance("sd", "i"), pages.encode("sd", "1e999:S1")),
        (ByDistance("sd", "i"), pages.encode("sd", "x:S1")),
        (ByDistance("sd", "i"), pages.encode("sd", "1")),
        (ById("s", "i"), pages.encode("sd", "1:S1")),
    ],
)
def test_what_is_no_cursor_of_this_order_is_refused(order: Any, cursor: str) -> None:
    with pytest.raises(Invalid):
        order.last(cursor)
