"""Charge point passwords: what matches, what is slow, and that nothing of them can be read from what is stored."""

import pytest

from shared import passwords

KEY = "0123456789abcdefABCDEF0123456789abcdef01"


def test_a_key_matches_as_text_and_as_the_bytes_it_spells() -> None:
    stored = passwords.hashed(KEY)
    assert passwords.matches(stored, KEY.encode())
    assert passwords.matches(stored, bytes.fromhex(KEY))
    assert not passwords.is_slow(stored)


@pytest.mark.parametrize("password", ["correct horse battery", "pässwörter", KEY[:-1], KEY + "0", "g" * 40])
def test_what_a_person_may_have_chosen_is_hashed_slowly(password: str) -> None:
    stored = passwords.hashed(password)
    assert passwords.is_slow(stored)
    assert passwords.matches(stored, password.encode())
    assert not passwords.matches(stored, password.encode() + b" ")


@pytest.mark.parametrize("presented", [b"", KEY.upper().encode(), KEY[:-1].encode(), bytes.fromhex(KEY)[:-1]])
def test_anything_else_does_not_match_a_key(presented: bytes) -> None:
    assert not passwords.matches(passwords.hashed(KEY), presented)


@pytest.mark.parametrize("password", [KEY, "correct horse battery"])
def test_the_same_password_is_never_stored_the_same(password: str) -> None:
    one, other = passwords.hashed(password), passwords.hashed(password)
    assert one != other
    assert password not in one
