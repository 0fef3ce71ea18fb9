"""One-time codes: a browser on this machine signs in by a link that carries no token. Kept in this process alone."""

import hashlib
import secrets
from collections.abc import Callable

LIVES_S = 12 * 3600
MOST = 16  #: the oldest gives way


class Codes:
    """Codes not used yet, each for the token that asked for it; ``clock`` is monotonic (s)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting: dict[bytes, tuple[str, float]] = {}

    def made(self, token: str) -> str:
        """A new code for a token."""
        code = secrets.token_urlsafe(18)
        while len(self._waiting) >= MOST:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[_digest(code)] = (token, self._clock() + LIVES_S)
        return code

    def exchanged(self, code: str) -> str | None:
        """The token of a code, once; None when there is none."""
        token, until = self._waiting.pop(_digest(code), ("", 0.0))
        return token if self._clock() < until else None


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
