"""Bearer tokens: compared in constant time, and no token set means closed, never open.

``name:secret`` names its holder, and opens by ``secret``, when it has one colon, before it a name (a letter, then
up to 31 of A-Z a-z 0-9 . _ -) and after it a secret that would do by itself. Any other token with a colon opens as a
whole alone: what opens is never shorter than `SHORTEST`.
"""

import hmac
import re
from collections.abc import Iterable

from pydantic import SecretStr

SHORTEST = 16  #: characters of a secret
SECRET = re.compile(rf"[!-~]{{{SHORTEST},}}")  #: what a header can carry unchanged, and nobody guesses

_NAMED = re.compile(rf"([A-Za-z][A-Za-z0-9._-]{{0,31}}):([!-9;-~]{{{SHORTEST},}})")


def presented(authorization: str | None) -> str | None:
    """The token of an ``Authorization: Bearer …`` header (RFC 6750), or None."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def secret_of(token: str) -> str:
    """What opens of a token that may be presented whole, with the name of its holder: the same for both spellings."""
    named = _NAMED.fullmatch(token)
    return named[2] if named else token


def seal(secret: str, about: str) -> bytes:
    """Says of ``about`` whose it is to whoever has the secret, and nothing of the secret to who lacks ``about``."""
    return hmac.digest(secret.encode(), about.encode(errors="replace"), "sha256")


def is_one_of(token: str | None, allowed: Iterable[SecretStr]) -> bool:
    """Whether the token is one of the allowed; looks at all of them whichever matches."""
    if token is None:
        return False
    given = token.encode()
    return any([hmac.compare_digest(given, one.get_secret_value().encode()) for one in allowed])


class Keyring:
    """Tokens with the names of those who hold them.

    One that was set as ``name:secret`` is presented as ``secret`` (or whole, as before there were
    names); any other has the name ``unnamed``. The module says which is which.
    """

    def __init__(self, given: Iterable[SecretStr], *, unnamed: str) -> None:
        self._held: list[tuple[str, bytes]] = []
        self._secrets: list[tuple[str, str]] = []
        for one in given:
            whole = one.get_secret_value()
            named = _NAMED.fullmatch(whole)
            self._held.append((named[1] if named else unnamed, whole.encode()))
            self._secrets.append((named[1] if named else unnamed, secret_of(whole)))
            if named:
                self._held.append((named[1], named[2].encode()))

    def holder(self, token: str | None) -> str | None:
        """Whose token this is, None if nobody's; looks at all of them whichever matches."""
        if token is None:
            return None
        presented = token.encode()
        names = [name for name, held in self._held if hmac.compare_digest(presented, held)]
        return names[0] if names else None

    def sealer(self, sealed: bytes, about: str) -> tuple[str, str] | None:
        """Name and secret of who made this seal of ``about``, None if nobody here did."""
        found = [one for one in self._secrets if hmac.compare_digest(seal(one[1], about), sealed)]
        return found[0] if found else None
