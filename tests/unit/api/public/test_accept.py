import pytest

from api.public.accept import prefers_json


@pytest.mark.parametrize(
    ("accept", "wants"),
    [
        ("application/json", True),
        ("application/*", True),
        ("APPLICATION/JSON; q=0.5, text/html;q=0.4", True),
        ("*/*;q=0.1, application/json", True),
        ("text/html, application/json", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("", False),
        ("*/*", False),
        ("application/json;q=0", False),
        ("application/json;q=nonsense", False),
        (",;,=,", False),
    ],
)
def test_json_is_for_who_asks_for_it(accept: str, wants: bool) -> None:
    assert prefers_json(accept) is wants
