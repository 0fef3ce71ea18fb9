"""What counts as Postgres being away: a lost connection does, a mistake of ours does not."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared import postgres
from shared.postgres import Pool


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
