"""Pictures of pages are small, readable there, and made of the full ones."""

import pytest

from tools.page_pictures import CROPS, FULL, PAGES, stale


def test_each_is_what_its_full_picture_gives() -> None:
    assert stale() == [], "python -m tools.page_pictures"
    assert {path.stem for path in FULL.iterdir()} == set(CROPS) == {path.stem for path in PAGES.glob("*.png")}


@pytest.mark.parametrize("name", CROPS)
def test_it_is_shown_as_large_as_it_is(name: str) -> None:
    assert CROPS[name].width <= 1120
    assert (PAGES / f"{name}.png").stat().st_size < 80_000
