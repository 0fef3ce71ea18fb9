"""Bearer tokens."""

import pytest
from pydantic import SecretStr

from shared import tokens

ALLOWED = (SecretStr("one"), SecretStr("two"), SecretStr("drei-ä"))


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER  abc ", "abc"),
        ("Basic abc", None),
        ("Token abc", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("abc", None),
        ("", None),
        (None, None),
    ],
)
def test_the_token_is_what_follows_bearer(header: str | None, token: str | None) -> None:
    assert tokens.presented(header) == token


@pytest.mark.parametrize("token", ["one", "two", "drei-ä"])
def test_each_allowed_token_is_one(token: str) -> None:
    assert tokens.is_one_of(token, ALLOWED)


@pytest.mark.parametrize("token", [None, "", "on", "one ", "One", "onetwo"])
def test_nothing_else_is(token: str | None) -> None:
    assert not tokens.is_one_of(token, ALLOWED)


def test_no_token_set_means_closed() -> None:
    assert not tokens.is_one_of("", ())
    assert not tokens.is_one_of("one", ())
