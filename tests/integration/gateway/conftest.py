"""Gateways as real processes over the real stack. Starting one takes a second, so tests share what they can."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from local.stack import Stack
from shared.stores import postgres
from tests.integration.gateway.parts import Gateway, Ids, Inventory, Topic

Launch = Callable[..., Gateway]


@pytest.fixture(scope="session")
def database_url(stack: Stack, migrated: str) -> str:
    return stack.postgres.create_database("gateways", template=migrated)


@pytest.fixture(scope="session")
def topic(stack: Stack) -> Topic:
    name = f"gateways-{time.time_ns()}"
    stack.broker.create_topic(name)
    return Topic(stack.kafka_bootstrap_servers, name)


@pytest.fixture(scope="session")
def launch(stack: Stack, database_url: str, topic: Topic, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch]:
    """Starts gateways with settings (``ACK_DEADLINE_S="2"``); at the end none of them may have logged an error."""
    started: list[Gateway] = []
    names = Ids("gateway-")
    directory: Path = tmp_path_factory.mktemp("gateways")

    def launched(*, ready: bool = True, **settings: str) -> Gateway:
        given = {"DATABASE_URL": database_url, "TOPIC": topic.name} | settings
        environment = stack.environment | {f"PLUGWATCH_{key}": value for key, value in given.items()}
        gateway = Gateway(next(names), directory, environment)
        started.append(gateway)
        if ready:
            gateway.start()
        else:
            gateway.spawn()
        return gateway

    yield launched
    for gateway in started:
        gateway.ask_to_stop()
    for gateway in started:
        gateway.stop(timeout_s=20)
    complaints = {gateway.id: said for gateway in started if (said := gateway.complaints())}
    assert not complaints, complaints


@pytest.fixture(scope="session")
def gateway(launch: Launch) -> Gateway:
    """The one that most tests use: it gives up on broker, handshakes and lease after seconds, and bears much."""
    return launch(
        HANDSHAKE_TIMEOUT_S="2", ACK_DEADLINE_S="2", LEASE_S="3", PING_INTERVAL_S="0.5", FRAMES_PER_SECOND="1000"
    )


@pytest.fixture(scope="session")
def impatient(launch: Launch) -> Gateway:
    """Pings twice a second; three seconds of silence are too many. It compresses; frames must be small and few wait."""
    return launch(
        PING_INTERVAL_S="0.5",
        HEARTBEAT_INTERVAL_S="1",
        OFFLINE_AFTER_INTERVALS="3",
        FLOOD_TIMEOUT_S="2",
        ACK_DEADLINE_S="30",
        COMPRESSION="true",
        MAX_MESSAGE_BYTES="4096",
        MAX_PENDING_EVENTS="20",
        REGISTRATION="open",
    )


@pytest.fixture(scope="session")
def suspicious(launch: Launch) -> Gateway:
    """Nobody in without a password, three mistakes a minute, nobody reads its metrics; proxies are on this machine."""
    return launch(
        REQUIRE_PASSWORD="true", FAILED_HANDSHAKES_PER_MINUTE="3", METRICS_TOKEN="", TRUSTED_PROXIES="127.0.0.0/8"
    )


@pytest.fixture(scope="module")  # tests of other folders, between its files, kill Postgres
async def inventory(database_url: str) -> AsyncIterator[Inventory]:
    connection = await postgres.connect(database_url, name="test")
    yield Inventory(connection)
    await connection.close()


@pytest.fixture(scope="session")
def ids() -> Ids:
    """Charge point ids."""
    return Ids("CP")


@pytest.fixture
async def charge_point(inventory: Inventory, ids: Ids) -> str:
    """A charge point of the inventory."""
    charge_point_id = next(ids)
    await inventory.add(charge_point_id)
    return charge_point_id
