"""Brings the database to the schema of this version: ``python -m shared.migrate``.

One at a time by an advisory lock, each migration in one transaction; running it again changes
nothing. It waits up to a minute for a database that is still starting.
"""

import asyncio
import logging
import time
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from .process import logs, settings
from .stores import postgres

LOCK = 7_584_928_467_101_322  #: pg_advisory_lock key: one migration at a time
WAIT_S = 60

log = logging.getLogger("plugwatch.migrate")


def main() -> None:
    """Entry point: settings in, schema up to date, exit 0."""
    given = settings.load()
    logs.configure("migrate", given.log_level, given.log_format)
    asyncio.run(migrate((given.database_direct_url or given.database_url).get_secret_value()))


async def migrate(dsn: str) -> None:
    """Applies what is missing.

    Raises:
        OSError, asyncpg.PostgresError: Postgres cannot be reached within a minute, or refuses.
    """
    lock = await _reach(dsn)
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", LOCK, timeout=600)
        address = dsn.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+asyncpg://", 1)
        engine = create_async_engine(address, poolclass=pool.NullPool)
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
        await engine.dispose()
    finally:
        await lock.close()


async def _reach(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            return await postgres.connect(dsn, name="plugwatch-migrate")
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError) as error:
            if time.monotonic() > deadline:
                raise
            log.info("Postgres does not answer yet, trying again", extra={"error": str(error)})
            await asyncio.sleep(1)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "stores" / "migrations"))
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    if current not in {None, *(one.revision for one in ScriptDirectory.from_config(config).walk_revisions())}:
        # rolled back to this version: to fail here would stop the roll-out of every process that waits for it
        log.warning("the schema is of a newer version, and stays so", extra={"revision": current})
        return
    command.upgrade(config, "head")
    log.info("the schema is up to date")


if __name__ == "__main__":
    main()
