"""Whom the limit of refused handshakes counts, behind proxies and without."""

from ipaddress import ip_network

import pytest

from ingest.gateway.origin import origin

OURS = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", ["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    ],
)
def test_the_last_address_that_is_no_proxy_of_ours(peer: str, forwarded: list[str], expected: str) -> None:
    assert origin(peer, forwarded, OURS) == expected


@pytest.mark.parametrize(
    ("peer", "forwarded"),
    [("203.0.113.7", ["198.51.100.1"]), ("203.0.113.7", ["10.0.0.2"])],
)
def test_a_stranger_is_not_believed(peer: str, forwarded: list[str]) -> None:
    assert origin(peer, forwarded, OURS) == peer
    assert origin("10.0.0.1", [*forwarded, peer], OURS) == peer, "nor what it claims through our proxy"


def test_without_trust_nobody_is_believed() -> None:
    assert origin("10.0.0.1", ["203.0.113.7"], ()) == "10.0.0.1"


@pytest.mark.parametrize("nonsense", ["", "unknown", "203.0.113.7:4711", "_hidden", ","])
def test_what_is_no_address_leaves_the_proxy(nonsense: str) -> None:
    assert origin("10.0.0.1", [nonsense], OURS) == "10.0.0.1"
