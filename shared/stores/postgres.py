"""Connections to Postgres: one pool a process, every statement under a timeout, no waiting for a frozen server.

``AWAY`` is the one place that says which errors are the server's and pass. asyncpg says InterfaceError both for a
connection that was lost and for a misuse of ours. The pool here tells them apart: what was lost is a
ConnectionAbortedError, so one of ``AWAY``; a misuse stays what it is.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy
from asyncpg.transaction import Transaction

from .pulse import Pulse

if TYPE_CHECKING:
    _Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    _Acquiring: TypeAlias = PoolAcquireContext[asyncpg.Record]
else:
    _Pool = asyncpg.Pool
    Connection = asyncpg.Connection
    _Acquiring = PoolAcquireContext

COMMAND_TIMEOUT_S = 30
CONNECT_S = 5
VANISHED_S = 10  #: a statement may be on its way so long, unacknowledged
RENEWED_EVERY_S = 1
READ_ROLE = "plugwatch_read"  #: may SELECT and nothing else; a migration makes it
_MAY_ACT = """
    SELECT CASE WHEN current_setting('server_version_num')::int >= 160000
                THEN pg_has_role(oid, 'SET') ELSE pg_has_role(oid, 'MEMBER') END
    FROM pg_roles WHERE rolname = $1
"""
_LOST = ("closed", "closing", "released back to the pool", "another operation (2)")

log = logging.getLogger("plugwatch.postgres")

#: What a Postgres raises that is away, or cannot do now what it could before and will again: back off and try
#: again. By SQLSTATE; everything else is a bug of ours, or (22, 23) a matter of the very data.
AWAY = (
    OSError,  # refused, reset, unreachable, no such host; TimeoutError is one
    asyncpg.PostgresConnectionError,  # 08: lost; PgBouncer says everything so
    asyncpg.InvalidCachedStatementError,  # 0A000: the schema was changed or restored under a prepared statement
    asyncpg.ReadOnlySQLTransactionError,  # 25006: a standby, or a primary that was demoted or set read-only
    asyncpg.IdleInTransactionSessionTimeoutError,  # 25P03: we slept in a transaction
    asyncpg.TransactionTimeoutError,  # 25P04
    asyncpg.InvalidAuthorizationSpecificationError,  # 28: the password or pg_hba.conf is being changed
    asyncpg.InvalidCatalogNameError,  # 3D000: the database was renamed, or is being restored
    asyncpg.TransactionRollbackError,  # 40: deadlock, serialization
    asyncpg.InsufficientPrivilegeError,  # 42501: rights are being changed or restored; at connecting, too
    asyncpg.UndefinedTableError,  # 42P01: the database is being restored, or is not migrated yet
    asyncpg.InsufficientResourcesError,  # 53: disk, memory, connections
    asyncpg.ObjectNotInPrerequisiteStateError,  # 55: locked; a database that takes no connections now
    asyncpg.OperatorInterventionError,  # 57: shut down, starting, a statement cancelled
    asyncpg.PostgresSystemError,  # 58: I/O
)
#: After these the other connections of a pool are no better: they lead to a server, or know a schema, that is no more.
_OUTDATED = (asyncpg.ReadOnlySQLTransactionError, asyncpg.InvalidCachedStatementError)
_LOST_TYPE = "cache lookup failed for type"  #: XX000: the schema was restored, and its types have other OIDs now


async def _prepare(connection: Connection) -> None:
    _have_the_kernel_notice(connection)
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",  # asyncpg reads records in no other; before the JSON stands the version of the format
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda sent: msgspec.json.decode(sent[1:]),
    )


async def _left_as_it_was(_: Connection) -> None:
    """What a statement sets here, it sets for its transaction: nothing is to be reset, which were a round trip each."""


async def _may_act(connection: Connection) -> bool:
    may = bool(await connection.fetchval(_MAY_ACT, READ_ROLE))
    if not may:
        log.warning(
            "this database user cannot act as the role %s: statements are read-only by setting alone. "
            "Have the database's owner create the role and grant it, then migrate again",
            READ_ROLE,
        )
    return may


@contextlib.contextmanager
def lost_is_away() -> Iterator[None]:
    """For connections outside the pool: one that was lost is one of ``AWAY``."""
    try:
        yield
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        if any(word in str(error) for word in _LOST):
            raise ConnectionAbortedError(str(error)) from error
        raise


def _have_the_kernel_notice(connection: Connection) -> None:
    """A connection whose other end has vanished is an error within ``VANISHED_S``, when idle a little later."""
    opened: socket.socket | None = connection._transport.get_extra_info("socket")  # type: ignore[union-attr]
    if opened is None or opened.family == getattr(socket, "AF_UNIX", None):
        return
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 3, "TCP_USER_TIMEOUT": VANISHED_S * 1000}.items():
        if hasattr(socket, option):
            opened.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


class _Acquired(_Acquiring):
    """A connection for a block, cut off while it is waited for and while it is held if Postgres is frozen."""

    def __init__(self, pool: "Pool", timeout: float | None) -> None:
        super().__init__(pool, timeout)
        self._from = pool
        self._held = contextlib.ExitStack()
        self._reading: Transaction | None = None

    async def __aenter__(self) -> "PoolConnectionProxy[asyncpg.Record]":
        pulse, loop = self._from.pulse, asyncio.get_running_loop()
        pulse.check()
        with lost_is_away():
            async with asyncio.timeout(None) as until:
                with pulse.waiting(lambda: until.reschedule(loop.time())):
                    connection = await super().__aenter__()
        self._held.enter_context(pulse.waiting(lambda: _terminate(connection)))
        if not self._from.writes:
            try:
                with lost_is_away():
                    await self._begin_reading(connection)
            except BaseException as error:
                await self.__aexit__(type(error), error, error.__traceback__)
                raise
        return connection

    async def _begin_reading(self, connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
        """By the transaction: behind a pooler a session's role and settings would go to whoever comes next."""
        reading = connection.transaction(readonly=True)
        await reading.start()
        self._reading = reading
        if self._from.acts_as_reader:
            await connection.execute(f"SET LOCAL ROLE {READ_ROLE}")

    async def __aexit__(self, *exc: Any) -> None:
        error = exc[1]
        if isinstance(error, asyncpg.InternalServerError) and str(error).startswith(_LOST_TYPE):
            error = asyncpg.InvalidCachedStatementError(str(error))
        if isinstance(error, _OUTDATED):
            await self._from.renew()
        with self._held, lost_is_away():
            try:
                if self._reading is not None:
                    await (self._reading.rollback() if exc[1] else self._reading.commit())
            finally:
                await super().__aexit__(*exc)
            if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
                raise error
            if error is not exc[1]:
                raise error from exc[1]


def _terminate(connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
    with contextlib.suppress(asyncpg.InterfaceError):  # it was given back a moment ago
        connection.terminate()


class Pool(_Pool):
    """asyncpg's pool, which tells a lost connection from a misuse and a frozen server from a slow one."""

    pulse: Pulse
    writes: bool  #: whether its statements may write; else each block is a read-only transaction
    acts_as_reader = False  #: whether that acts as ``READ_ROLE``
    _renewed_at = 0.0

    def acquire(self, *, timeout: float | None = None) -> "PoolAcquireContext[asyncpg.Record]":
        return _Acquired(self, timeout)

    async def renew(self) -> None:
        """Has every connection opened anew; once a second at most, or each refused write would cost one."""
        if time.monotonic() - self._renewed_at >= RENEWED_EVERY_S:
            self._renewed_at = time.monotonic()
            await self.expire_connections()


class _Witness:
    """Asks Postgres for a sign of life, on a connection that is opened when first needed and kept."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def ask(self) -> None:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(self._dsn, name=self._name)
            await self._connection.fetchval("SELECT 1")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()


@contextlib.asynccontextmanager
async def pool(dsn: str, *, size: int, name: str, read_only: bool = False, **settings: str) -> AsyncIterator[Pool]:
    """A pool of at most ``size`` connections, shown as ``name`` in pg_stat_activity, with these Postgres settings.

    It opens nothing by itself: Postgres may be away when a process starts. With ``read_only`` every
    block is a read-only transaction that acts as ``READ_ROLE``, which has nothing but SELECT.
    """

    async def prepare(connection: Connection) -> None:
        await _prepare(connection)
        opened.acts_as_reader = read_only and await _may_act(connection)

    opened = Pool(
        dsn,
        min_size=0,
        max_size=size,
        max_queries=50_000,
        init=prepare,
        setup=None,
        reset=_left_as_it_was,
        loop=None,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        command_timeout=COMMAND_TIMEOUT_S,
        timeout=CONNECT_S,
        max_inactive_connection_lifetime=300,
        server_settings={
            "application_name": name,
            "jit": "off",
            "idle_in_transaction_session_timeout": "60s",
            "timezone": "UTC",
            **settings,
        },
    )
    witness = _Witness(dsn, f"{name}-pulse")
    opened.writes, opened.pulse = not read_only, Pulse("Postgres", witness.ask)
    async with opened:
        watching = asyncio.create_task(opened.pulse.run(), name="pulse")
        try:
            yield opened
        finally:
            with contextlib.suppress(*AWAY):
                async with asyncio.timeout(3):
                    await opened.close()
            opened.terminate()
            watching.cancel()
            await asyncio.wait({watching})
            witness.close()


async def connect(dsn: str, *, name: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection outside the pool, for LISTEN."""
    return await asyncpg.connect(
        dsn, timeout=CONNECT_S, command_timeout=COMMAND_TIMEOUT_S, server_settings={"application_name": name}
    )


async def answers(pool: Pool) -> bool:
    """Whether Postgres does now what this pool is for; for readiness. A pool that may write asks for a write."""
    return await _does(pool, "DELETE FROM unpublished WHERE false" if pool.writes else "SELECT")


async def reads(pool: Pool) -> bool:
    """Whether Postgres answers now, be it read-only."""
    return await _does(pool, "SELECT")


async def _does(pool: Pool, statement: str) -> bool:
    try:
        async with asyncio.timeout(2):
            await pool.execute(statement)
    except AWAY:
        return False
    return True
