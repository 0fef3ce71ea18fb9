"""The migration of a release that is rolled back to, on the schema of a newer one."""

import asyncpg

from shared import migrate


async def test_an_older_release_leaves_the_schema_of_a_newer_one_as_it_is(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
        await migrate.migrate(database_url)
        assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"
    finally:
        await connection.close()
