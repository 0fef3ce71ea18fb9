"""The charge point in a request target."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.gateway.handshake.identity import identity

ALLOWED = [" ", *sorted(set(string.printable) - set(string.whitespace) - set("/:"))]


@pytest.mark.parametrize(
    ("target", "charge_point_id"),
    [
        ("/ocpp/CP1", "CP1"),
        ("/CP1", "CP1"),
        ("CP1", "CP1"),
        ("/a/very/long/prefix/CP1", "CP1"),
        ("http://gateway:9000/ocpp/CP1", "CP1"),
        ("/ocpp/CP1/", "CP1"),
        ("/ocpp/CP1?a=b", "CP1"),
        ("/ocpp/CP1/?a=b/c", "CP1"),
        ("/ocpp/RDAM%20123", "RDAM 123"),
        ("/ocpp/RDAM%7C123", "RDAM|123"),
        ("/ocpp/RDAM|123", "RDAM|123"),
        ("/ocpp/a%2520b", "a%20b"),
        ("/ocpp/a+b", "a+b"),
        ("/ocpp/100%", "100%"),
        ("/ocpp/%zz", "%zz"),
        ("/ocpp/~.-_", "~.-_"),
        ("/ocpp/...", "..."),
        ("/ocpp/%2E", None),
        ("/ocpp/.", None),
        ("/ocpp/..", None),
        ("/ocpp/", "ocpp"),
        ("/ocpp//", None),
        ("/", None),
        ("", None),
        ("?CP1", None),
        ("/ocpp/a%2Fb", None),
        ("/ocpp/a:b", None),
        ("/ocpp/a%3ab", None),
        ("/ocpp/a%00", None),
        ("/ocpp/a%0A", None),
        ("/ocpp/a%7F", None),
        ("/ocpp/é", None),
        ("/ocpp/%C3%A9", None),
        ("/ocpp/%FF", None),
        ("/ocpp/\udcff", None),
        ("/ocpp/" + "x" * 48, "x" * 48),
        ("/ocpp/" + "x" * 49, None),
        ("/ocpp/" + "%41" * 48, "A" * 48),
    ],
)
def test_the_last_segment_decoded_once_is_the_id(target: str, charge_point_id: str | None) -> None:
    assert identity(target) == charge_point_id


@given(st.text(st.sampled_from(ALLOWED), min_size=1, max_size=48))
def test_every_allowed_id_is_found_behind_its_percent_encoding(charge_point_id: str) -> None:
    encoded = "".join(f"%{ord(character):02X}" for character in charge_point_id)
    assert identity(f"/ocpp/{encoded}") == (None if charge_point_id in (".", "..") else charge_point_id)


@given(st.text())
def test_no_target_at_all_raises(target: str) -> None:
    found = identity(target)
    assert found is None or 1 <= len(found) <= 48
