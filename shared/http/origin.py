"""Whose handshake or request it is: the peer's, or, where the peer is a trusted proxy, of whom it forwards. Pure."""

import ipaddress
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LOOKED_AT = 1_000  #: characters at the end of a header: what our proxies wrote; the rest may be an attack on this
_OURS_IN_IPV6 = 64  #: bits that a network gets; the other 64 a single host chooses as it likes
_ELEMENTS = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')  #: between commas that are not quoted (RFC 7239 §4)
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.IGNORECASE)
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::[\w.-]+)?|([0-9.]+):[\w.-]+")


def origin(peer: str, forwarded: Sequence[str], trusted: Collection[Network], standard: Sequence[str] = ()) -> str:
    """The address that counts against the limits of refused handshakes.

    Args:
        peer: address of the other end of the connection.
        forwarded: the ``X-Forwarded-For`` headers in their order; each proxy appends whom it saw.
        trusted: where our own proxies are; what anybody else claims is not believed.
        standard: the ``Forwarded`` headers (RFC 7239) in their order.

    Returns:
        The last address that no trusted proxy has; of headers that name none, the last proxy's. A client can
        invent the header that the proxy leaves alone: where the two differ, neither is believed.
    """
    if not trusted:
        return peer
    hops = [hop for header in forwarded for hop in header[-_LOOKED_AT:].split(",")]
    others = [_for(element) for header in standard for element in _ELEMENTS.findall(header[-_LOOKED_AT:])]
    found = _last_untrusted(peer, hops or others, trusted)
    if hops and others and found != _last_untrusted(peer, others, trusted):
        return peer
    return found


def asker(scope: Mapping[str, Any], trusted: Collection[Network]) -> str:
    """The address that counts against the limits of an HTTP request, given by its ASGI scope."""
    peer = scope["client"][0] if scope.get("client") else "unknown"
    if not trusted:
        return neighbours(peer)
    named: dict[bytes, list[str]] = {b"x-forwarded-for": [], b"forwarded": []}
    for name, value in scope["headers"]:
        if name in named:
            named[name].append(value.decode("latin-1"))
    return neighbours(origin(peer, named[b"x-forwarded-for"], trusted, named[b"forwarded"]))


def neighbours(address: str) -> str:
    """What is counted as one: an IPv4 address, or all of an IPv6 network of 64 bits."""
    known = _address(address)
    if isinstance(known, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(known) >> _OURS_IN_IPV6 << _OURS_IN_IPV6, _OURS_IN_IPV6)))
    return address if known is None else str(known)


def _last_untrusted(peer: str, hops: Sequence[str], trusted: Collection[Network]) -> str:
    address, left = _address(peer), list(hops)
    while left and address is not None and any(address in network for network in trusted):
        hop = _address(left.pop())
        if hop is None:
            break
        address = hop
    return peer if address is None else str(address)


def _for(element: str) -> str:
    found = _FOR.search(element)
    return found[1] if found else ""


def _address(node: str) -> Address | None:
    """With or without port, brackets, quotes and zone; None of ``unknown``, ``_hidden`` and nonsense."""
    text = node.strip().strip('"').strip()
    if with_port := _WITH_PORT.fullmatch(text):
        text = with_port[1] or with_port[2] or ""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
