"""``python -m api`` as a process: it starts without its dependencies, and stops in order."""

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.ports import free_port
from local.process import Process
from local.stack import Stack
from tests.integration.api.served import METRICS, READ, Api, bearer, eventually


class ApiProcess(Process):
    """The API on a port of its own."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        environment |= {
            "PLUGWATCH_HOST": "127.0.0.1",
            "PLUGWATCH_API_PORT": str(self.port),
            "PLUGWATCH_READ_TOKEN": READ,
        }
        super().__init__("api", [sys.executable, "-m", "api"], log, environment=environment)

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def process(stack: Stack, database_url: str, tmp_path: Path) -> Iterator[ApiProcess]:
    environment = stack.environment | {"PLUGWATCH_DATABASE_URL": database_url}
    running = ApiProcess(tmp_path / "api.log", environment)
    with running:
        yield running


async def test_sigterm_is_not_ready_first_and_then_exit_0(api: Api, process: ApiProcess) -> None:
    await api.station("S1")
    base = f"http://127.0.0.1:{process.port}"
    async with httpx.AsyncClient(base_url=base, headers=bearer(READ)) as client:
        assert (await client.get("/readyz")).json()["dependencies"] == {"redis": "ok", "postgres": "ok"}
        assert (await client.get("/v1/stations/S1")).json()["id"] == "S1"
        process.ask_to_stop()

        async def not_ready() -> bool:
            return (await client.get("/readyz")).status_code == 503

        await eventually(not_ready)
        assert (await client.get("/v1/stations/S1")).status_code == 200  # those who come late are still served

    async def gone() -> bool:
        return not process.alive

    await eventually(gone)
    assert process.status == 0


def test_sigint_is_a_stop_too(process: ApiProcess) -> None:
    process.stop_signal = signal.SIGINT
    process.stop(timeout_s=4)
    assert process.status == 0


async def test_it_starts_and_lives_without_redis_and_postgres(tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    away = {
        "PLUGWATCH_DATABASE_URL": f"postgresql://nobody@{nowhere}/nothing",
        "PLUGWATCH_REDIS_URL": f"redis://{nowhere}/0",
        "PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS": nowhere,
    }
    with ApiProcess(tmp_path / "api.log", away) as process:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}", headers=bearer(READ)) as client:
            assert (await client.get("/livez")).status_code == 200
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["dependencies"]) == (503, {"redis": "away", "postgres": "away"})
            assert (await client.get("/v1/stations/S1")).status_code == 503
    assert process.status == 0


async def test_its_metrics_tell_of_the_process_itself(api: Api) -> None:
    told = (await api.client.get("/metrics", headers=bearer(METRICS))).text
    assert "\nprocess_resident_memory_bytes " in told
    assert "\nprocess_open_fds " in told


async def test_its_metrics_know_a_probe_from_what_no_route_serves(api: Api) -> None:
    for path in ("/readyz", "/nowhere"):
        await api.client.get(path)
    told = (await api.client.get("/metrics", headers=bearer(METRICS))).text
    assert 'plugwatch_api_requests_total{method="GET",route="/readyz",status="200"}' in told
    assert 'plugwatch_api_requests_total{method="GET",route="<unmatched>",status="404"}' in told
