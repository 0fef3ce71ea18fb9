"""The real parts that integration tests stand on: one embedded stack a run, a fresh database a module.

``BROKER=kafka`` puts Apache Kafka in the place of librdkafka's built-in broker for all of them.
"""

import asyncio
import itertools
import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from local.stack import BrokerKind, Stack
from shared import migrate

_numbers = itertools.count()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-s", default=20, type=int, metavar="S", help="seconds of chance against the API (%(default)s)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Tests marked ``kafka`` run where Apache Kafka was asked for; CI asks for it in a run of its own."""
    if os.environ.get("BROKER") != "kafka" and not config.option.markexpr:
        config.option.markexpr = "not kafka"


SLOWEST_FIRST = (
    "tests/integration/rollup/log/test_hostile.py",
    "tests/integration/api/commands",
    "tests/integration/loadtest",
    "tests/e2e",
    "tests/faults",
    "tests/integration/local",
    "tests/integration/gateway",
    "tests/integration",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Side by side, the last file should be a short one: no process of tests waits long for another."""

    def tier(item: pytest.Item) -> int:
        return next((n for n, folder in enumerate(SLOWEST_FIRST) if item.nodeid.startswith(folder)), len(SLOWEST_FIRST))

    items.sort(key=tier)


TIMEOUT = pytest.StashKey[Any]()


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> None:
    """Remember what the timer was set to, and leave the setting to its plugin."""
    item.stash[TIMEOUT] = settings


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, object, object]:
    """Stop the timer while a failure is put into words: raised in there, a timeout would end the whole run."""
    if call.excinfo is None or TIMEOUT not in item.stash:
        return (yield)
    item.ihook.pytest_timeout_cancel_timer(item=item)
    try:
        return (yield)
    finally:
        item.ihook.pytest_timeout_set_timer(item=item, settings=item.stash[TIMEOUT])


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Postgres, Redis and a broker of the Kafka protocol."""
    broker: BrokerKind = "kafka" if os.environ.get("BROKER") == "kafka" else "mock"
    with Stack.start(data_dir=tmp_path_factory.mktemp("stack"), broker=broker, durable=False, given={}) as running:
        yield running


@pytest.fixture(scope="session")
def migrated(stack: Stack) -> str:
    """The name of a database with the schema, to be copied."""
    asyncio.run(migrate.migrate(stack.postgres.create_database("migrated")))
    return "migrated"


@pytest.fixture(scope="module")
def database_url(stack: Stack, migrated: str) -> Iterator[str]:
    """A database of the test module's own."""
    name = f"module_{next(_numbers)}"
    yield stack.postgres.create_database(name, template=migrated)
    stack.postgres.drop_database(name)
