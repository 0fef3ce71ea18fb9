"""Whose handshake it is: the peer's, or, where the peer is a trusted proxy, of whom it forwards. Pure."""

import ipaddress
from collections.abc import Collection, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def origin(peer: str, forwarded: Sequence[str], trusted: Collection[Network]) -> str:
    """The address that counts against the limit of refused handshakes.

    Args:
        peer: address of the other end of the connection.
        forwarded: the ``X-Forwarded-For`` headers in their order; each proxy appends whom it saw.
        trusted: where our own proxies are; what anybody else claims is not believed.

    Returns:
        The last address that no trusted proxy has; of a header that names none, the last proxy's.
    """
    address = peer
    hops = [hop.strip() for header in forwarded for hop in header.split(",")]
    while hops and _is_within(address, trusted):
        hop = hops.pop()
        if not _is_address(hop):
            break
        address = hop
    return address


def _is_within(address: str, networks: Collection[Network]) -> bool:
    return any(ipaddress.ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
