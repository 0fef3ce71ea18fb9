"""Which servers a load generator may talk to unasked: those of this machine, by name or number alone."""

import ipaddress
from contextlib import suppress
from urllib.parse import urlsplit


def is_local(url: str) -> bool:
    """Whether the URL means this machine; nothing is resolved."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
