"""Who may do what under ``/v1``: READ tokens read, ADMIN tokens do everything. Pure.

Asked before anything else of a request is looked at, so a new route is closed from its first day.
No token set means closed, never open.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic import SecretStr
from starlette.requests import Request

from shared.credentials import tokens
from shared.credentials.tokens import Keyring
from shared.stores.hot import Change
from shared.stores.postgres import Connection

from .problems import Forbidden, Unauthorized

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_READ_BY_POST = "/v1/stream/tickets"  #: what it makes opens nothing that a READ token does not
_FOR_ADMINS = "/v1/audit"  #: reading it needs an ADMIN token, too
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="plugwatch"'}
_TOO_SMALL = {"WWW-Authenticate": 'Bearer realm="plugwatch", error="insufficient_scope"'}


TokenScope = Literal["READ", "ADMIN"]


class Holder(NamedTuple):
    """Whose token it is, and what it covers."""

    name: str
    scope: TokenScope


@dataclass(frozen=True, slots=True)
class Author:
    """Who asks: the name of the token, and the request it came with."""

    actor: str
    request_id: str
    keep: Callable[[Connection, Change], Awaitable[None]] | None = None  #: the answer, in the transaction of a write


def secret(request: Request) -> str:
    """What the token of the request opens by; the middleware has looked."""
    return tokens.secret_of(tokens.presented(request.headers.get("authorization")) or "")


def author(request: Request) -> Author:
    """Who asks, for the audit; the middleware has looked."""
    return Author(request.scope["actor"], request.scope["request_id"])


def scope_of(method: str, path: str) -> TokenScope:
    """The smallest scope that covers a request."""
    for_admins = path == _FOR_ADMINS or path.startswith(f"{_FOR_ADMINS}/")
    reads = method in _READS or (method == "POST" and path == _READ_BY_POST)
    return "READ" if reads and not for_admins else "ADMIN"


class Access:
    """The tokens that were given out, by scope."""

    def __init__(self, *, read: Sequence[SecretStr], admin: Sequence[SecretStr], metrics: Sequence[SecretStr]) -> None:
        self.metrics = metrics
        self._read = Keyring(read, unnamed="read")
        self._admin = Keyring(admin, unnamed="admin")

    def check(self, method: str, path: str, authorization: str | None) -> Holder | None:
        """Lets the request through and says whose it is (None where no token is needed), or says why not.

        Raises:
            Unauthorized: the path needs a token and there is none, or an unknown one.
            Forbidden: the token is known, but its scope does not cover this.
        """
        if not (path.startswith("/v1/") or path == "/v1"):
            return None
        token = tokens.presented(authorization)
        admin, reader = self._admin.holder(token), self._read.holder(token)
        if admin is not None:
            return Holder(admin, "ADMIN")
        scope = scope_of(method, path)
        if reader is not None:
            if scope == "READ":
                return Holder(reader, "READ")
            raise Forbidden("a READ token does not do for this: use an ADMIN token", headers=_TOO_SMALL)
        if tokens.is_one_of(token, self.metrics):
            raise Forbidden("a METRICS token is for /metrics alone: use a READ or ADMIN token", headers=_TOO_SMALL)
        known = "READ or ADMIN" if scope == "READ" else "ADMIN"
        raise Unauthorized(f"send a known {known} token: Authorization: Bearer <token>", headers=CHALLENGE)

    def sealer(self, sealed: bytes, about: str) -> tuple[str, str] | None:
        """Name and secret of the token that made this seal, None if none of those that are given out now did."""
        return self._admin.sealer(sealed, about) or self._read.sealer(sealed, about)
