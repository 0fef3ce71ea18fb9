"""Bearer tokens: compared in constant time, and no token set means closed, never open."""

import hmac
import re
from collections.abc import Iterable

from pydantic import SecretStr

_NAMED = re.compile(r"([A-Za-z0-9._-]{1,32}):(.+)", re.DOTALL)


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


class Keyring:
    """Tokens with the names of those who hold them.

    One that was set as ``name:secret`` is presented as ``secret`` (or whole, as before there were
    names); any other has the name ``unnamed``.
    """

    def __init__(self, given: Iterable[SecretStr], *, unnamed: str) -> None:
        self._held: list[tuple[str, bytes]] = []
        for one in given:
            whole = one.get_secret_value()
            named = _NAMED.fullmatch(whole)
            self._held.append((named[1] if named else unnamed, whole.encode()))
            if named:
                self._held.append((named[1], named[2].encode()))

    def holder(self, token: str | None) -> str | None:
        """Whose token this is, None if nobody's; looks at all of them whichever matches."""
        if token is None:
            return None
        presented = token.encode()
        names = [name for name, held in self._held if hmac.compare_digest(presented, held)]
        return names[0] if names else None
