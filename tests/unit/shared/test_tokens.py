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


NAMED = tokens.Keyring([SecretStr("plain"), SecretStr("field-team:s3cret"), SecretStr("x:y:z")], unnamed="admin")


@pytest.mark.parametrize(
    ("token", "holder"),
    [
        ("plain", "admin"),
        ("s3cret", "field-team"),
        ("field-team:s3cret", "field-team"),
        ("y:z", "x"),
        ("x:y:z", "x"),
        ("z", None),
        ("field-team", None),
        ("field-team:", None),
        (":s3cret", None),
        ("", None),
        (None, None),
    ],
)
def test_a_token_names_its_holder(token: str | None, holder: str | None) -> None:
    assert NAMED.holder(token) == holder


@pytest.mark.parametrize("whole", [":secret", "na me:secret", "ä:secret", "x" * 33 + ":secret", "name:"])
def test_what_is_no_name_is_a_part_of_the_token(whole: str) -> None:
    held = tokens.Keyring([SecretStr(whole)], unnamed="read")
    assert held.holder(whole) == "read"
    assert held.holder("secret") is None
    assert held.holder("") is None
