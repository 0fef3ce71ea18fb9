"""Postgres as the API uses it: a connection within seconds or a 503, never a queue without an end."""

import contextlib
import logging
import time
from collections.abc import AsyncIterator

import asyncpg

from api.http.problems import TooSlow, Unavailable
from shared.stores import postgres
from shared.stores.postgres import Connection, Pool

ACQUIRE_TIMEOUT_S = 5  #: for a turn in the queue; a frozen Postgres is noticed sooner, by the pool
SAID_EVERY_S = 10  #: reads may succeed where writes do not: to say each change of it would be a flood, too

log = logging.getLogger("plugwatch.api")


class Database:
    """The pool, with its failures turned into answers."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._said_at = -float(SAID_EVERY_S)

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for the block.

        Raises:
            Unavailable: Postgres is away, or went away inside the block.
        """
        try:
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
                yield connection
        except postgres.AWAY as error:
            if time.monotonic() - self._said_at >= SAID_EVERY_S:
                self._said_at = time.monotonic()
                log.warning(
                    "Postgres is away, or takes no writes: what needs it gets 503 until it does",
                    extra={"error": repr(error)},
                )
            raise Unavailable(
                "the database does not answer: try again in a moment", headers={"Retry-After": "1"}
            ) from error

    @contextlib.asynccontextmanager
    async def reading(self, within_s: float, instead: str) -> AsyncIterator[Connection]:
        """A connection for one costly read, planned for the very values that it is given.

        Raises:
            Unavailable: as above.
            TooSlow: it took longer than ``within_s``; ``instead`` says what to ask for then.
        """
        async with self.connection() as connection:
            try:
                async with connection.transaction(readonly=True):
                    await connection.execute(
                        f"SET LOCAL statement_timeout = {int(within_s * 1000)};"
                        " SET LOCAL plan_cache_mode = force_custom_plan;"
                        " SET LOCAL random_page_cost = 1.1"  # what is searched is in memory
                    )
                    yield connection
            except asyncpg.QueryCanceledError as error:
                raise TooSlow(instead, headers={"Retry-After": "5"}) from error
