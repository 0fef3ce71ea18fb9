"""Tickets: a browser's ``EventSource`` sends no headers, so it opens a stream by one of these in its URL.

A ticket opens one stream, once, within a minute, wherever it was made: it lies in Redis, under its digest. What ends
up in the log of a proxy is used by then.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from typing import cast

from msgspec import Struct
from redis.asyncio import Redis

from api.http.access import CHALLENGE
from api.http.problems import Unauthorized, Unavailable
from shared.stores import hot
from shared.words import instant

LIVES_S = 60
TIMEOUT_S = 2
_AWAY = "tickets lie in Redis, which does not answer: try again, or send the token in a header"
_REFUSED = "this ticket was used, or is older than 60 s: POST /v1/stream/tickets for another one"


class Ticket(Struct, frozen=True):
    """For `GET /v1/stream?ticket=…`, once."""

    ticket: str
    expires_at: str


class Tickets:
    """The tickets of all replicas; ``now`` is ms since the epoch."""

    def __init__(self, redis: Redis, now: Callable[[], int]) -> None:
        self._redis = redis
        self._now = now

    async def made(self, actor: str) -> Ticket:
        """A new ticket for whoever ``actor`` names.

        Raises:
            Unavailable: Redis is away, or takes no writes.
        """
        ticket, now = secrets.token_urlsafe(32), self._now()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._redis.set(_key(ticket), actor, ex=LIVES_S)
        except hot.AWAY as error:
            raise Unavailable(_AWAY, headers={"Retry-After": "1"}) from error
        return Ticket(ticket, instant.to_text(now + LIVES_S * 1000))

    async def used(self, ticket: str) -> str:
        """Whose ticket it was; it is none any more.

        Raises:
            Unauthorized: it was used, has expired, or never was one.
            Unavailable: Redis is away.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S):
                actor = cast("bytes | None", await self._redis.getdel(_key(ticket)))
        except hot.AWAY as error:
            raise Unavailable(_AWAY, headers={"Retry-After": "1"}) from error
        if actor is None:
            raise Unauthorized(_REFUSED, headers=CHALLENGE)
        return actor.decode()


def _key(ticket: str) -> str:
    return f"plugwatch:ticket:{hashlib.sha256(ticket.encode(errors='replace')).hexdigest()}"
