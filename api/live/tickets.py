"""Tickets: a browser's ``EventSource`` sends no headers, so it opens a stream by one of these in its URL.

A ticket opens one stream, once, within a minute, wherever it was made, as long as the token that made it is one: it
lies in Redis, under its digest, sealed by that token. What ends up in the log of a proxy is used by then.
"""

import hashlib
import secrets
from collections.abc import Callable
from typing import cast

from msgspec import Struct
from redis.asyncio import Redis

from api.http.access import CHALLENGE, Access
from api.http.problems import Unauthorized, Unavailable
from shared.credentials import tokens
from shared.stores import hot
from shared.stores.redis_client import answering
from shared.words import instant

LIVES_S = 60
_AWAY = "tickets lie in Redis, which does not answer: try again, or send the token in a header"
_REFUSED = (
    "this ticket was used, is older than 60 s, or its token is none any more: POST /v1/stream/tickets for another one"
)


class Ticket(Struct, frozen=True):
    """For `GET /v1/stream?ticket=…`, once."""

    ticket: str
    expires_at: str


class Tickets:
    """The tickets of all replicas; ``now`` is ms since the epoch."""

    def __init__(self, redis: Redis, access: Access, now: Callable[[], int]) -> None:
        self._redis = redis
        self._access = access
        self._now = now

    async def made(self, secret: str) -> Ticket:
        """A new ticket for who holds the token that opens by ``secret``.

        Raises:
            Unavailable: Redis is away, or takes no writes.
        """
        ticket, now = secrets.token_urlsafe(32), self._now()
        try:
            async with answering():
                await self._redis.set(_key(ticket), tokens.seal(secret, ticket), ex=LIVES_S)
        except hot.AWAY as error:
            raise Unavailable(_AWAY, headers={"Retry-After": "1"}) from error
        return Ticket(ticket, instant.to_text(now + LIVES_S * 1000))

    async def used(self, ticket: str) -> tuple[str, str]:
        """Name and secret of the token that made it; the ticket is none any more.

        Raises:
            Unauthorized: it was used, has expired, or never was one; or its token was taken back.
            Unavailable: Redis is away.
        """
        try:
            async with answering():
                sealed = cast("bytes | None", await self._redis.getdel(_key(ticket)))
        except hot.AWAY as error:
            raise Unavailable(_AWAY, headers={"Retry-After": "1"}) from error
        holder = None if sealed is None else self._access.sealer(sealed, ticket)
        if holder is None:
            raise Unauthorized(_REFUSED, headers=CHALLENGE)
        return holder


def _key(ticket: str) -> str:
    return f"plugwatch:ticket:{hashlib.sha256(ticket.encode(errors='replace')).hexdigest()}"
