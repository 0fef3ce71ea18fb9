"""Systems to test: one for all tests, and one with shorter times for the cases in which time passes."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.e2e.inventory import Inventory
from tests.e2e.system import System, running
from tests.e2e.vectors import TIME_SCALE


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("system"), FAILED_HANDSHAKES_PER_MINUTE="0") as system:
        yield system


@pytest.fixture(scope="session")
def hasty_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Heartbeats of 60 s and a grace of 30 s, as the cases have them, at the scale of time."""
    settings = {"HEARTBEAT_INTERVAL_S": str(60 // TIME_SCALE), "CLOSE_GRACE_S": str(30 / TIME_SCALE)}
    with running(tmp_path_factory.mktemp("hasty"), **settings) as system:
        yield system


@pytest.fixture
async def inventory(system: System) -> AsyncIterator[Inventory]:
    async with Inventory.of(system.api, system.admin_token) as inventory:
        yield inventory


@pytest.fixture
async def database(system: System) -> AsyncIterator[asyncpg.Connection]:
    async with connected(system) as database:
        yield database


@pytest.fixture
async def hasty_database(hasty_system: System) -> AsyncIterator[asyncpg.Connection]:
    async with connected(hasty_system) as database:
        yield database


@asynccontextmanager
async def connected(system: System) -> AsyncIterator[asyncpg.Connection]:
    database = await asyncpg.connect(system.database_url)
    try:
        yield database
    finally:
        await database.close()
