"""Whom the limit of refused handshakes counts, behind proxies and without."""

from ipaddress import ip_network

import pytest

from shared.http.origin import asker, neighbours, origin

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


@pytest.mark.parametrize(
    "nonsense", ["", "unknown", "_hidden", "_hidden:80", ",", "[]", "[::1", '"', "1.2.3", "::1]:80", "203.0.113.7:"]
)
def test_what_is_no_address_leaves_the_proxy(nonsense: str) -> None:
    assert origin("10.0.0.1", [nonsense], OURS) == "10.0.0.1"
    assert origin("10.0.0.1", [], OURS, [f"for={nonsense}"]) == "10.0.0.1"
    assert origin("10.0.0.1", [f"203.0.113.7, {nonsense}"], OURS) == "10.0.0.1"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("203.0.113.7:4711", "203.0.113.7"),
        ('"203.0.113.7:4711"', "203.0.113.7"),
        ('"203.0.113.7"', "203.0.113.7"),
        ("203.0.113.7:_port", "203.0.113.7"),
        ("2001:DB8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ('"[2001:db8::7]:4711"', "2001:db8::7"),
        ("fe80::7%eth0", "fe80::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
    ],
)
def test_an_address_however_it_is_written(node: str, expected: str) -> None:
    assert origin("10.0.0.1", [f"198.51.100.1,{node}"], OURS) == expected
    assert origin("::ffff:10.0.0.1", [node], OURS) == expected
    assert origin("10.0.0.1", [node, "[fd00::1]:80, 10.0.0.9:1234"], OURS) == expected
    assert origin("10.0.0.1", [], OURS, [f"for=198.51.100.1, proto=https;For={node};by=10.0.0.1"]) == expected


@pytest.mark.parametrize(
    ("standard", "expected"),
    [
        (["for=192.0.2.43, for=198.51.100.17"], "198.51.100.17"),
        (["for=192.0.2.43", 'For="[2001:db8:cafe::17]:4711"'], "2001:db8:cafe::17"),
        (["for=192.0.2.43;proto=http;by=203.0.113.43, for=10.0.0.2"], "192.0.2.43"),
        (['for=192.0.2.43;host="a, for=1.1.1.1"'], "192.0.2.43"),
        (["by=203.0.113.43"], "10.0.0.1"),
        (["notfor=1.1.1.1"], "10.0.0.1"),
        (["for=192.0.2.43, for=unknown"], "10.0.0.1"),
    ],
)
def test_the_standard_header_says_the_same(standard: list[str], expected: str) -> None:
    assert origin("10.0.0.1", [], OURS, standard) == expected
    assert origin("203.0.113.7", [], OURS, standard) == "203.0.113.7"


def test_a_header_that_the_proxy_does_not_write_is_not_believed() -> None:
    assert origin("10.0.0.1", ["203.0.113.7"], OURS, ["for=203.0.113.7"]) == "203.0.113.7"
    assert origin("10.0.0.1", ["203.0.113.7"], OURS, ["for=198.51.100.1"]) == "10.0.0.1"
    assert origin("10.0.0.1", ["198.51.100.1"], OURS, ["for=203.0.113.7"]) == "10.0.0.1"


def test_a_peer_without_address_is_itself() -> None:
    assert origin("", ["203.0.113.7"], OURS) == ""


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_an_ipv6_network_is_counted_as_one(address: str, counted: str) -> None:
    assert neighbours(address) == counted


def test_an_http_request_is_counted_by_whom_our_proxy_saw() -> None:
    headers = [
        (b"x-forwarded-for", b"198.51.100.1, 203.0.113.7"),
        (b"host", b"\xff"),
        (b"x-forwarded-for", b"10.0.0.9"),
    ]
    scope = {"client": ("10.0.0.1", 4711), "headers": headers}
    assert asker(scope, OURS) == "203.0.113.7"
    assert asker(scope, ()) == "10.0.0.1"
    assert asker({**scope, "client": ("198.51.100.9", 1)}, OURS) == "198.51.100.9"
    assert asker({**scope, "headers": [(b"forwarded", b'for="[2001:db8::7]:1"')]}, OURS) == "2001:db8::/64"
    assert asker({**scope, "headers": [(b"x-forwarded-for", b"\xff\xfe")]}, OURS) == "10.0.0.1"
    assert asker({"client": None, "headers": headers}, OURS) == "unknown"
