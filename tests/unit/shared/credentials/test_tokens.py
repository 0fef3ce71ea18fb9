"""Bearer tokens."""

import pytest
from pydantic import SecretStr

from shared.credentials import tokens

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


SECRET = "0123456789abcdef"
HEX = "a1b2c3d4e5f60718"
NAMED = tokens.Keyring(
    [SecretStr("plain"), SecretStr(f"field-team:{SECRET}"), SecretStr(f"x:{HEX}:z")], unnamed="admin"
)


@pytest.mark.parametrize(
    ("token", "holder"),
    [
        ("plain", "admin"),
        (SECRET, "field-team"),
        (f"field-team:{SECRET}", "field-team"),
        (f"x:{HEX}:z", "admin"),
        (f"{HEX}:z", None),
        (HEX, None),
        ("z", None),
        ("field-team", None),
        ("field-team:", None),
        (f":{SECRET}", None),
        ("", None),
        (None, None),
    ],
)
def test_a_token_names_its_holder(token: str | None, holder: str | None) -> None:
    assert NAMED.holder(token) == holder


@pytest.mark.parametrize("name", ["", "na me", "ä", "x" * 33, "4dm1n", "-a", "a:b", "a/b"])
def test_what_is_no_name_is_a_part_of_the_token(name: str) -> None:
    whole = f"{name}:{SECRET}"
    held = tokens.Keyring([SecretStr(whole)], unnamed="read")
    assert held.holder(whole) == "read"
    assert held.holder(SECRET) is None
    assert held.holder("") is None


@pytest.mark.parametrize(
    "whole", ["ab:cd", "abcdefgh:12345678", "k3yW1thAColonByChance:short", "name:", f"name:{SECRET[1:]}"]
)
def test_what_is_short_never_opens_by_itself(whole: str) -> None:
    held = tokens.Keyring([SecretStr(whole)], unnamed="read")
    assert held.holder(whole) == "read"
    assert held.holder(whole.partition(":")[2]) is None


@pytest.mark.parametrize(
    ("token", "secret"),
    [("wall:screen-1-of-tests", "screen-1-of-tests"), ("screen-1-of-tests", "screen-1-of-tests"), ("a:b", "a:b")],
)
def test_the_secret_of_a_token_is_one_in_both_spellings(token: str, secret: str) -> None:
    assert tokens.secret_of(token) == secret


def test_a_seal_names_its_holder_alone() -> None:
    held = tokens.Keyring([SecretStr("wall:screen-1-of-tests"), SecretStr("another-one-of-tests")], unnamed="read")
    assert held.sealer(tokens.seal("screen-1-of-tests", "t"), "t") == ("wall", "screen-1-of-tests")
    assert held.sealer(tokens.seal("another-one-of-tests", "t"), "t") == ("read", "another-one-of-tests")
    for sealed in (tokens.seal("screen-1-of-tests", "u"), tokens.seal("wall:screen-1-of-tests", "t"), b"", b"wall"):
        assert held.sealer(sealed, "t") is None
