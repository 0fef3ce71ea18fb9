"""Connections to Postgres: one pool a process, every statement under a timeout.

asyncpg says InterfaceError both for a connection that was lost and for a misuse of ours. The pool
here tells them apart: what was lost is a ConnectionAbortedError, so one of ``AWAY``; a misuse stays what it is.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy

if TYPE_CHECKING:
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    _Acquiring: TypeAlias = PoolAcquireContext[asyncpg.Record]
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection
    _Acquiring = PoolAcquireContext

COMMAND_TIMEOUT_S = 30
READ_ROLE = "plugwatch_read"  #: may SELECT and nothing else; a migration makes it
_MAY_ACT = """
    SELECT CASE WHEN current_setting('server_version_num')::int >= 160000
                THEN pg_has_role(oid, 'SET') ELSE pg_has_role(oid, 'MEMBER') END
    FROM pg_roles WHERE rolname = $1
"""
_LOST = ("closed", "closing", "released back to the pool", "another operation (2)")

log = logging.getLogger("plugwatch.postgres")

#: What a dependency that is away raises; trying again later is right. Everything else is a bug.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="text",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
    )


async def _prepare_read_only(connection: Connection) -> None:
    await _prepare(connection)
    if await connection.fetchval(_MAY_ACT, READ_ROLE):
        await connection.execute(f"SET ROLE {READ_ROLE}")  # the RESET ALL of a release leaves it
    else:
        log.warning(
            "this database user cannot act as the role %s: statements are read-only by setting alone. "
            "Have the database's owner create the role and grant it, then migrate again",
            READ_ROLE,
        )


@contextlib.contextmanager
def lost_is_away() -> Iterator[None]:
    """For connections outside the pool: one that was lost is one of ``AWAY``."""
    try:
        yield
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        if any(word in str(error) for word in _LOST):
            raise ConnectionAbortedError(str(error)) from error
        raise


class _Acquired(_Acquiring):
    async def __aenter__(self) -> "PoolConnectionProxy[asyncpg.Record]":
        with lost_is_away():
            return await super().__aenter__()

    async def __aexit__(self, *exc: Any) -> None:
        with lost_is_away():
            await super().__aexit__(*exc)
            if isinstance(exc[1], asyncpg.InterfaceError | asyncpg.InternalClientError):
                raise exc[1]


class _Pool(Pool):
    def acquire(self, *, timeout: float | None = None) -> "PoolAcquireContext[asyncpg.Record]":
        return _Acquired(self, timeout)


@contextlib.asynccontextmanager
async def pool(dsn: str, *, size: int, name: str, read_only: bool = False) -> AsyncIterator[Pool]:
    """A pool of at most ``size`` connections, shown as ``name`` in pg_stat_activity.

    It opens nothing by itself: Postgres may be away when a process starts. With ``read_only`` every
    transaction is read-only, and every connection acts as ``READ_ROLE``, which has nothing but SELECT.
    """
    opened = _Pool(
        dsn,
        min_size=0,
        max_size=size,
        max_queries=50_000,
        init=_prepare_read_only if read_only else _prepare,
        setup=None,
        loop=None,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        command_timeout=COMMAND_TIMEOUT_S,
        timeout=5,
        max_inactive_connection_lifetime=300,
        server_settings={
            "application_name": name,
            "jit": "off",
            "idle_in_transaction_session_timeout": "60s",
            "timezone": "UTC",
            **({"default_transaction_read_only": "on"} if read_only else {}),
        },
    )
    async with opened:
        try:
            yield opened
        finally:
            with contextlib.suppress(TimeoutError, *AWAY):
                async with asyncio.timeout(3):
                    await opened.close()
            opened.terminate()


async def connect(dsn: str, *, name: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection outside the pool, for LISTEN."""
    return await asyncpg.connect(
        dsn, timeout=5, command_timeout=COMMAND_TIMEOUT_S, server_settings={"application_name": name}
    )


async def answers(pool: Pool) -> bool:
    """Whether Postgres answers now; for readiness."""
    try:
        async with asyncio.timeout(2):
            return bool(await pool.fetchval("SELECT true"))
    except AWAY:
        return False
