"""Ids: what they may look like."""

import pytest

from api.http import ids


@pytest.mark.parametrize("text", ["S1", "a", "a.b_c~d-e", "x" * 64, "..."])
def test_ids_that_a_station_can_have(text: str) -> None:
    assert ids.is_station(text)


@pytest.mark.parametrize("text", ["", ".", "..", "a b", "a/b", "ä", "x" * 65, "a\n", "a|b", "a%b"])
def test_ids_that_no_station_can_have(text: str) -> None:
    assert not ids.is_station(text)


@pytest.mark.parametrize("text", ["CP1", "RDAM 123", "RDAM|123", "x" * 48, "~!@#$%^&*()", "a?b"])
def test_ids_that_a_charge_point_can_have(text: str) -> None:
    assert ids.is_charge_point(text)


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "a:b", "ä", "x" * 49, "a\n", "a\0", "\x7f"])
def test_ids_that_no_charge_point_can_have(text: str) -> None:
    assert not ids.is_charge_point(text)


def test_a_new_station_id_is_short_readable_and_new() -> None:
    made = {ids.new_station() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(one) == 8 and ids.is_station(one) and not set(one) & set("01ilo") for one in made)
