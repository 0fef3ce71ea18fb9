"""Bearer tokens: compared in constant time, and no token set means closed, never open."""

import hmac
from collections.abc import Iterable

from pydantic import SecretStr


def presented(authorization: str | None) -> str | None:
    """The token of an ``Authorization: Bearer …`` header (RFC 6750), or None."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def is_one_of(token: str | None, allowed: Iterable[SecretStr]) -> bool:
    """Whether the token is one of the allowed; looks at all of them whichever matches."""
    if token is None:
        return False
    given = token.encode()
    return any([hmac.compare_digest(given, one.get_secret_value().encode()) for one in allowed])
