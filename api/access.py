"""Who may do what under ``/v1``: READ tokens read, ADMIN tokens do everything. Pure.

Asked before anything else of a request is looked at, so a new route is closed from its first day.
No token set means closed, never open.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from api.errors import Forbidden, Unauthorized
from shared import tokens

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="plugwatch"'}
_TOO_SMALL = {"WWW-Authenticate": 'Bearer realm="plugwatch", error="insufficient_scope"'}


@dataclass(frozen=True, slots=True)
class Access:
    """The tokens that were given out, by scope."""

    read: Sequence[SecretStr]
    admin: Sequence[SecretStr]
    metrics: Sequence[SecretStr]

    def check(self, method: str, path: str, authorization: str | None) -> None:
        """Lets the request through, or says why not.

        Raises:
            Unauthorized: the path needs a token and there is none, or an unknown one.
            Forbidden: the token is known, but its scope does not cover this.
        """
        if not (path.startswith("/v1/") or path == "/v1"):
            return
        token = tokens.presented(authorization)
        if tokens.is_one_of(token, self.admin):
            return
        if tokens.is_one_of(token, self.read):
            if method in _READS:
                return
            raise Forbidden("a READ token only reads: use an ADMIN token for this", headers=_TOO_SMALL)
        if tokens.is_one_of(token, self.metrics):
            raise Forbidden("a METRICS token is for /metrics alone: use a READ or ADMIN token", headers=_TOO_SMALL)
        scope = "READ or ADMIN" if method in _READS else "ADMIN"
        raise Unauthorized(f"send a known {scope} token: Authorization: Bearer <token>", headers=_CHALLENGE)
