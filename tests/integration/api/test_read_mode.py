"""``API_MODE=read``: no route that writes, and a Postgres that would not let it."""

from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import asyncpg
import pytest

from local.stack import Stack
from shared import migrate
from shared.stores import postgres
from shared.stores.postgres import Pool
from tests.integration.api.served import Api

READS = {"get", "head"}


@pytest.fixture
async def reading(database_url: str) -> AsyncIterator[Pool]:
    async with postgres.pool(database_url, size=2, name="test-read", read_only=True) as opened:
        yield opened


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO stations (id, name) VALUES ('S9', 'S9')",
        "UPDATE charge_points SET operative = false",
        "DELETE FROM history",
        "TRUNCATE audit",
        "SELECT nextval('revisions')",
        "CREATE TABLE mine (a int)",
        "DROP TABLE stations",
        "SELECT FROM stations FOR UPDATE",
    ],
)
async def test_postgres_refuses_every_write_even_when_the_transaction_may(
    api: Api, reading: Pool, statement: str
) -> None:
    await api.station("S1")
    for _ in range(2):  # a connection that was given back and taken again, too
        with pytest.raises((asyncpg.ReadOnlySQLTransactionError, asyncpg.InsufficientPrivilegeError)):
            await reading.execute(statement)
        async with reading.acquire() as connection:
            await connection.execute("SET TRANSACTION READ WRITE")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    assert await reading.fetchval("SHOW transaction_read_only") == "on"
    async with reading.acquire() as connection:
        assert await connection.fetchval("SELECT current_user") == postgres.READ_ROLE
        # Behind a pooler the session is somebody else's a moment later: nothing may stick to it.
        await connection.execute("COMMIT")
        assert await connection.fetchval("SELECT current_user") != postgres.READ_ROLE
        await connection.execute("BEGIN")


async def test_it_reads_what_there_is(api: Api, reading: Pool, build: Callable[..., Api]) -> None:
    await api.station("S1", "CP1")
    replica = build(pool=reading, mode="read")
    for path in ("/v1/stations", "/v1/charge-points", "/v1/stations/S1", "/v1/charge-points/CP1", "/v1/stats"):
        answer = await replica.client.get(path)
        assert answer.status_code == 200, answer.text
    for table in await api.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        await reading.fetch(f'SELECT * FROM "{table["tablename"]}" LIMIT 1')


async def test_it_serves_no_route_that_writes(reading: Pool, build: Callable[..., Api]) -> None:
    replica = build(pool=reading, mode="read")
    for path, operations in replica.app.openapi()["paths"].items():
        assert set(operations) <= (READS | {"post"} if path == "/v1/stream/tickets" else READS), path
    answer = await replica.client.post("/v1/stations", json={"name": "A"})
    assert answer.status_code == 405


async def test_a_database_user_who_may_not_create_roles_migrates_and_reads_all_the_same(
    stack: Stack, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    parts = urlsplit(stack.postgres.create_database("of_a_modest_user"))
    try:
        await pool.execute("CREATE ROLE modest LOGIN PASSWORD 'modest'")
        await pool.execute("ALTER DATABASE of_a_modest_user OWNER TO modest")
        dsn = parts._replace(netloc=f"modest:modest@{parts.netloc.rpartition('@')[2]}").geturl()
        await migrate.migrate(dsn)
        async with postgres.pool(dsn, size=1, name="test", read_only=True) as modest:
            assert await modest.fetchval("SELECT count(*) FROM stations") == 0
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await modest.execute("INSERT INTO stations (id, name) VALUES ('S9', 'S9')")
        assert "cannot act as the role" in caplog.text
    finally:
        stack.postgres.drop_database("of_a_modest_user")
        await pool.execute("DROP ROLE modest")
