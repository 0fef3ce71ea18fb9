"""Connections to Postgres: one pool a process, every statement under a timeout."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

if TYPE_CHECKING:
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection

COMMAND_TIMEOUT_S = 30

#: What a dependency that is away raises; trying again later is right. Everything else is a bug.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
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


@contextlib.asynccontextmanager
async def pool(dsn: str, *, size: int, name: str) -> AsyncIterator[Pool]:
    """A pool of at most ``size`` connections, shown as ``name`` in pg_stat_activity.

    It opens nothing by itself: Postgres may be away when a process starts.
    """
    opened = asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        init=_prepare,
        command_timeout=COMMAND_TIMEOUT_S,
        timeout=5,
        max_inactive_connection_lifetime=300,
        server_settings={"application_name": name, "jit": "off", "timezone": "UTC"},
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
