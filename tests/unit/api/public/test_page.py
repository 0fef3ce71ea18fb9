import re
from importlib import resources

import pytest

from api.public.answers import PublicConnector, PublicStation
from api.public.page import GLYPHS, TROUBLE, page
from shared.words.status import STATUSES

NOW = 1_767_225_600_000  # 2026-01-01T00:00:00Z
HOSTILE = "</title><script>alert(1)</script> \"'&amp; \u202eleft"


def station(*connectors: PublicConnector, since: str = "2025-12-31T20:48:00.000Z") -> PublicStation:
    return PublicStation(HOSTILE, HOSTILE, "AVAILABLE", since, connectors)


def test_what_others_wrote_is_text_and_nothing_else() -> None:
    made = page(station(), NOW).decode()
    assert made.count("<script") == 1
    assert "<script>alert" not in made
    assert made.count("&lt;script&gt;alert(1)&lt;/script&gt; &quot;&#x27;&amp;amp;") == 3


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("2025-12-31T20:48:00.000Z", "3 h 12 min"),
        ("2025-12-31T23:59:30.000Z", "less than a minute"),
        ("2025-12-31T23:01:00.000Z", "59 min"),
        ("2025-12-27T22:00:00.000Z", "4 d 2 h"),
        ("2025-12-31T21:00:00.000Z", "3 h"),
        ("2025-12-28T00:00:00.000Z", "4 d"),
        ("2027-01-01T00:00:00.000Z", "less than a minute"),
    ],
)
def test_how_long_in_words(since: str, said: str) -> None:
    assert f"for {said}<" in page(station(since=since), NOW).decode()


def test_within_a_minute_it_is_the_same() -> None:
    assert page(station(), NOW) == page(station(), NOW + 59_999) != page(station(), NOW + 60_000)


def test_points_are_counted_and_named_only_as_far_as_they_need_it() -> None:
    at = "2025-12-31T20:00:00.000Z"
    one = page(station(PublicConnector(1, 1, 1, "OCCUPIED", at)), NOW).decode()
    assert ">Point 1<" in one
    assert "points free" not in one
    many = [PublicConnector(charger, 1, plug, "AVAILABLE", at) for charger in (1, 2) for plug in (1, 2)]
    many.append(PublicConnector(2, 2, 1, "FAULTED", at))
    made = page(station(*many), NOW).decode()
    assert "2 of 3 points free" in made
    assert ">Charger 2 · Point 1 · Plug 2<" in made


def test_its_shapes_are_those_of_the_board() -> None:
    board = (resources.files("api.board") / "page/pure/glyphs.js").read_text()
    assert [GLYPHS[status] for status in STATUSES] == re.findall(r'^ {2}"(M.*)",$', board, re.MULTILINE)


@pytest.mark.parametrize("name", ["\u202e\u2066Depot\u2069", "Depot"])
def test_no_name_turns_the_words_beside_it(name: str) -> None:
    made = page(PublicStation(name, name, "AVAILABLE", "2025-12-31T20:48:00.000Z", ()), NOW).decode()
    assert "<title>Available · Depot</title>" in made
    assert made.count("<bdi>Depot</bdi>") == 2


@pytest.mark.parametrize("name", ["\u2800\u3164", "\u200b", " \u0301 "])
def test_a_name_that_nobody_sees_is_no_empty_heading(name: str) -> None:
    made = page(PublicStation(name, name, "AVAILABLE", "2025-12-31T20:48:00.000Z", ()), NOW).decode()
    assert "<h1><bdi>Charging station</bdi></h1>\n" in made
    assert "<title>Available · Charging station</title>" in made


def test_in_trouble_there_are_words_for_a_driver() -> None:
    assert b"cannot be shown just now" in TROUBLE
