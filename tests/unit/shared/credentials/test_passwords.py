"""Charge point passwords: what matches, what is slow, and that nothing of them can be read from what is stored."""

import pytest

from shared.credentials import passwords

KEY = "0123456789abcdefABCDEF0123456789abcdef01"
RANDOM = "uXWAgn3hfGbvEgDpgzxK2LJt8q"
CHOSEN = "correct horse battery"


@pytest.mark.parametrize("size", [16, 17, 18, 19, 20])
def test_a_key_matches_as_hex_in_either_case_and_as_the_bytes_it_spells(size: int) -> None:
    key = "00fF41424344454647485051525354555657ABcd"[: 2 * size]
    stored = passwords.hashed(key)
    assert not passwords.is_slow(stored)
    for presented in (key, key.lower(), key.upper()):
        assert passwords.matches(stored, presented.encode())
    assert passwords.matches(stored, bytes.fromhex(key))


def test_a_key_given_as_text_matches_as_hex_too() -> None:
    stored = passwords.hashed("ABCDEFGHIJKLMNOP")
    assert passwords.matches(stored, b"ABCDEFGHIJKLMNOP")
    assert passwords.matches(stored, b"4142434445464748494a4B4C4D4E4F50")


def test_what_is_generated_is_a_key_and_never_the_same() -> None:
    one, other = passwords.generated(), passwords.generated()
    assert one != other
    assert len(one) == 40
    assert not passwords.is_slow(passwords.hashed(one))


def test_what_only_a_generator_makes_is_hashed_fast() -> None:
    stored = passwords.hashed(RANDOM)
    assert not passwords.is_slow(stored)
    assert passwords.matches(stored, RANDOM.encode())
    assert not passwords.matches(stored, RANDOM.lower().encode())


@pytest.mark.parametrize(
    "password",
    [CHOSEN, "pässwörter", KEY[:-1], KEY + "0", "g" * 40, "a" * 40, "20240131" * 4, "deadbeef" * 5, RANDOM[:21], "x"],
)
def test_what_a_person_may_have_chosen_is_hashed_slowly(password: str) -> None:
    stored = passwords.hashed(password)
    assert passwords.is_slow(stored)
    assert passwords.matches(stored, password.encode())
    assert not passwords.matches(stored, password.encode() + b" ")


@pytest.mark.parametrize(
    "presented", [b"", KEY[:-1].encode(), KEY[:-2].encode(), bytes.fromhex(KEY)[:-1], KEY.encode() + b"\n"]
)
def test_anything_else_does_not_match_a_key(presented: bytes) -> None:
    assert not passwords.matches(passwords.hashed(KEY), presented)


def test_what_no_password_can_be_is_not_even_hashed() -> None:
    assert not passwords.matches("scrypt$neither$hex", b"")
    assert not passwords.matches("scrypt$neither$hex", b"x" * 1_000_000)


@pytest.mark.parametrize(
    "stored",
    [
        "hmac$00$0c3ebcc99d65b50ba8d9d0f3d2e7d0a4f4e09d1ae24ab0d5c3eec5bb1e0d7a01$RAW",
        "scrypt$00$TEXT",
    ],
)
def test_what_was_stored_before_still_matches(stored: str) -> None:
    """A key had a hash of its text and one of its bytes; hex of other lengths was text."""
    raw = passwords._hmac(b"\0", bytes.fromhex(KEY)).hex()
    text = passwords._scrypt(b"\0", KEY.encode()).hex()
    assert passwords.matches(stored.replace("RAW", raw).replace("TEXT", text), KEY.encode())


@pytest.mark.parametrize("password", [KEY, CHOSEN, RANDOM])
def test_the_same_password_is_never_stored_the_same(password: str) -> None:
    one, other = passwords.hashed(password), passwords.hashed(password)
    assert one != other
    assert password not in one
