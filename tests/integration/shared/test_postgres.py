"""What counts as Postgres being away: a lost connection does, and a frozen server; a mistake of ours does not."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from local.stack import Stack
from shared.stores import postgres
from shared.stores.postgres import Pool
from tests.waiting import eventually


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with postgres.pool(database_url, size=2, name="test") as opened:
        yield opened


async def lose(pool: Pool, other: "asyncpg.Connection[asyncpg.Record]", *, in_transaction: bool) -> None:
    """Loses a connection, and then uses it."""
    async with pool.acquire() as connection:
        if in_transaction:
            await connection.transaction().start()
        await other.execute("SELECT pg_terminate_backend($1)", await connection.fetchval("SELECT pg_backend_pid()"))
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        async with asyncio.timeout(5):
            if not connection.is_closed():
                await lost.wait()
        await connection.fetchval("SELECT 1")


@pytest.mark.parametrize("in_transaction", [True, False])
async def test_a_connection_that_is_lost_midway_is_away(pool: Pool, database_url: str, in_transaction: bool) -> None:
    other = await asyncpg.connect(database_url)
    with pytest.raises(postgres.AWAY):
        await lose(pool, other, in_transaction=in_transaction)
    assert await pool.fetchval("SELECT 1") == 1
    await other.close()


async def test_a_pool_that_is_closed_is_away(database_url: str) -> None:
    async with postgres.pool(database_url, size=1, name="test") as opened:
        await opened.fetchval("SELECT 1")
    with pytest.raises(postgres.AWAY):
        await opened.fetchval("SELECT 1")


async def test_an_argument_of_the_wrong_type_is_a_bug(pool: Pool) -> None:
    with pytest.raises(asyncpg.DataError) as raised:
        await pool.fetchval("SELECT $1::int", "one")
    assert not isinstance(raised.value, postgres.AWAY)


async def test_two_statements_at_once_on_a_connection_are_a_bug(pool: Pool) -> None:
    async with pool.acquire() as connection:
        first = asyncio.ensure_future(connection.execute("SELECT pg_sleep(0.2)"))
        await asyncio.sleep(0.05)
        with pytest.raises(asyncpg.InterfaceError) as raised:
            await connection.fetchval("SELECT 1")
        await first
    assert not isinstance(raised.value, postgres.AWAY)


async def test_a_lost_connection_outside_the_pool_is_away_where_it_is_said_so(database_url: str) -> None:
    connection = await postgres.connect(database_url, name="test")
    await connection.close()
    with pytest.raises(ConnectionAbortedError), postgres.lost_is_away():
        await connection.fetchval("SELECT 1")


@contextlib.contextmanager
def stopped(stack: Stack) -> Iterator[None]:
    """Postgres stands still for the block, as by SIGSTOP or on a disk that does not answer."""
    stack.postgres.pause()
    try:
        yield
    finally:
        stack.postgres.resume()


async def idle(pool: Pool) -> None:
    await pool.fetchval("SELECT 1")


async def in_a_transaction(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("INSERT INTO unpublished (station_keys, charge_point_keys) VALUES ('{}', '{}')")


async def impatient(pool: Pool) -> None:
    """Gives up by itself, and must not hang in giving the connection back."""
    async with asyncio.timeout(0.5):
        await pool.fetchval("SELECT 1")


@pytest.mark.parametrize("use", [idle, in_a_transaction, impatient])
async def test_whoever_waits_for_a_frozen_postgres_is_cut_off_within_3_s(
    stack: Stack, pool: Pool, use: Callable[[Pool], Awaitable[None]]
) -> None:
    await asyncio.gather(*(pool.execute("SELECT pg_sleep(0.1)") for _ in range(2)))
    with stopped(stack):
        began = time.monotonic()
        tried = await asyncio.gather(*(use(pool) for _ in range(5)), return_exceptions=True)  # two have connections
        assert time.monotonic() - began < 3
        assert all(isinstance(error, postgres.AWAY) for error in tried), tried
        began = time.monotonic()
        with pytest.raises(postgres.AWAY):
            await pool.fetchval("SELECT 1")
        assert time.monotonic() - began < 0.1
    began = time.monotonic()
    await eventually(lambda: answering(pool))
    assert time.monotonic() - began < 3
    assert await pool.fetchval("SELECT count(*) FROM unpublished") == 0


async def test_a_frozen_postgres_is_noticed_by_whoever_waits_for_a_first_connection(
    stack: Stack, database_url: str
) -> None:
    async with postgres.pool(database_url, size=2, name="test") as fresh:
        with stopped(stack):
            began = time.monotonic()
            with pytest.raises(postgres.AWAY):
                await fresh.fetchval("SELECT 1")
            assert time.monotonic() - began < 3
        await eventually(lambda: answering(fresh))


async def test_a_peer_that_swallows_everything_is_frozen(database_url: str) -> None:
    async with swallowing() as port:
        parts = urlsplit(database_url)
        swallowed = parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()
        async with postgres.pool(swallowed, size=2, name="test") as nowhere:
            began = time.monotonic()
            with pytest.raises(postgres.AWAY):
                await nowhere.fetchval("SELECT 1")
            assert time.monotonic() - began < 3


async def test_a_slow_statement_is_waited_for(pool: Pool) -> None:
    began = time.monotonic()
    slow = [pool.fetchval("SELECT pg_sleep(4)::text") for _ in range(2)]
    waiting = pool.fetchval("SELECT 'in the queue behind them'")
    assert await asyncio.gather(*slow, waiting) == ["", "", "in the queue behind them"]
    assert time.monotonic() - began > 4


async def test_a_postgres_that_takes_writes_again_is_told_by_its_next_write(pool: Pool, database_url: str) -> None:
    other = await asyncpg.connect(database_url)
    write = "INSERT INTO unpublished (station_keys, charge_point_keys) VALUES ('{}', '{}')"
    before = await asyncio.gather(*(pool.fetchval("SELECT pg_backend_pid() FROM pg_sleep(0.1)") for _ in range(2)))
    await other.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    try:
        await other.execute("SELECT pg_reload_conf()")
        await eventually(lambda: refused(pool, write))
        assert not await postgres.answers(pool)
        assert await pool.fetchval("SELECT 1") == 1
    finally:
        await other.execute("SET default_transaction_read_only = off")
        await other.execute("ALTER SYSTEM RESET default_transaction_read_only")
        await other.execute("SELECT pg_reload_conf()")
    await eventually(lambda: postgres.answers(pool))
    await pool.execute(write)
    await pool.execute("TRUNCATE unpublished")
    # None of the connections from before is left: they may lead to a primary that was demoted.
    after = await asyncio.gather(*(pool.fetchval("SELECT pg_backend_pid() FROM pg_sleep(0.1)") for _ in range(2)))
    assert not set(before) & set(after)
    await other.close()


async def test_a_type_of_another_oid_is_away_once(pool: Pool, database_url: str) -> None:
    """As after a schema was restored, while the connections to it lived on."""
    other = await asyncpg.connect(database_url)
    held = "SELECT count(*) FROM unnest($1::held[])"
    await other.execute("CREATE TYPE held AS (a int)")
    async with pool.acquire() as one, pool.acquire() as two:  # both know it
        for connection in (one, two):
            assert await connection.fetchval(held, [(1,)]) == 1
    await other.execute("DROP TYPE held; CREATE TYPE held AS (a int)")
    with pytest.raises(postgres.AWAY):
        await pool.fetchval(held, [(1,)])
    for _ in range(2):
        assert await pool.fetchval(held, [(1,)]) == 1
    await other.close()


async def test_a_database_that_is_renamed_is_away_until_it_is_back(stack: Stack, migrated: str) -> None:
    url = stack.postgres.create_database("renamed", template=migrated)
    admin = await asyncpg.connect(stack.postgres.url)
    try:
        async with postgres.pool(url, size=2, name="test") as pool:
            await pool.fetchval("SELECT 1")
            await admin.execute("ALTER DATABASE renamed ALLOW_CONNECTIONS off")  # 55000
            await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'renamed'")
            await eventually(lambda: refused(pool, "SELECT 1"))
            await admin.execute("ALTER DATABASE renamed RENAME TO elsewhere")  # 3D000
            assert await refused(pool, "SELECT 1")
            assert not await postgres.answers(pool)
            await admin.execute("ALTER DATABASE elsewhere RENAME TO renamed")
            await admin.execute("ALTER DATABASE renamed ALLOW_CONNECTIONS on")
            assert await postgres.answers(pool)
    finally:
        stack.postgres.drop_database("renamed")
        await admin.close()


async def test_a_password_that_is_changed_and_too_many_connections_are_away(stack: Stack, database_url: str) -> None:
    admin = await asyncpg.connect(database_url)
    await admin.execute("CREATE ROLE rotating LOGIN PASSWORD 'first' CONNECTION LIMIT 1")
    parts = urlsplit(database_url)
    url = parts._replace(netloc=f"rotating:first@{parts.netloc.rpartition('@')[2]}").geturl()
    try:
        async with postgres.pool(url, size=2, name="test") as pool:
            async with pool.acquire(), contextlib.AsyncExitStack() as second:
                with pytest.raises(postgres.AWAY):  # 53300
                    await second.enter_async_context(pool.acquire())
            await admin.execute("ALTER ROLE rotating PASSWORD 'second'")
            await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotating'")
            await eventually(lambda: refused(pool, "SELECT 1"))
            assert await refused(pool, "SELECT 1")  # 28P01
            await admin.execute("ALTER ROLE rotating PASSWORD 'first' NOLOGIN")
            assert await refused(pool, "SELECT 1")  # 28000
            await admin.execute("ALTER ROLE rotating LOGIN")
            await eventually(lambda: answering(pool))
    finally:
        await admin.execute("DROP ROLE rotating")
        await admin.close()


async def refused(pool: Pool, statement: str) -> bool:
    try:
        await pool.execute(statement)
    except postgres.AWAY:
        return True
    return False


async def answering(pool: Pool) -> bool:
    return not await refused(pool, "SELECT 1")


@contextlib.asynccontextmanager
async def swallowing() -> AsyncIterator[int]:
    """A port that takes connections, reads, and says nothing."""

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while await reader.read(1000):
                pass
        writer.close()

    async with await asyncio.start_server(read, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
