"""Floods of wrong passwords and of silence: good chargers get in beside them, and the gateway stops in time."""

import asyncio
import base64
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterable

import pytest

from shared.credentials import passwords
from tests.integration.gateway.charger import charging
from tests.integration.gateway.conftest import Launch
from tests.integration.gateway.parts import Gateway, Ids, Inventory, eventually
from tests.integration.gateway.wire import OCPP16, wired

CHOSEN = "correct:horse:battery"
STOPS_WITHIN_S = 10


def request(charge_point_id: str, password: str) -> bytes:
    """A handshake."""
    credentials = base64.b64encode(f"{charge_point_id}:{password}".encode()).decode()
    lines = [f"GET /ocpp/{charge_point_id} HTTP/1.1", "Host: gateway", *OCPP16, f"Authorization: Basic {credentials}"]
    return "\r\n".join([*lines, "", ""]).encode()


async def knock(gateway: Gateway, charge_point_id: str, password: str) -> asyncio.StreamWriter:
    """Sends a handshake and does not wait for the answer."""
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(request(charge_point_id, password))
    return writer


async def wave(gateway: Gateway, charge_point_ids: Iterable[str], round_: int) -> list[asyncio.StreamWriter]:
    """One wrong password for each, another one in each round."""
    return [await knock(gateway, one, f"wrong {round_} {one}") for one in charge_point_ids]


async def admitted(gateway: Gateway, charge_point_id: str, password: str) -> float:
    """Seconds until a charger is in that comes again when it is refused, as chargers do."""
    started = time.monotonic()
    answers: Counter[int] = Counter()
    while True:
        async with wired(gateway) as wire:
            wire.writer.write(request(charge_point_id, password))
            async with asyncio.timeout(20):
                answer = int((await wire.reader.readuntil(b"\r\n\r\n")).split()[1])
            if answer == 101:
                return time.monotonic() - started
        answers[answer] += 1
        assert time.monotonic() - started < 20, answers
        await asyncio.sleep(0.2)


@pytest.fixture(scope="module")
async def victims(inventory: Inventory, ids: Ids) -> list[str]:
    """600 chargers with a password that a person chose."""
    names = [next(ids) for _ in range(600)]
    stored = passwords.hashed(CHOSEN)
    await inventory.connection.executemany(
        "INSERT INTO charge_points (id, password_hash) VALUES ($1, $2)", [(name, stored) for name in names]
    )
    return names


async def test_good_chargers_come_back_beside_waves_of_wrong_passwords_and_dropped_sockets(
    launch: Launch, inventory: Inventory, ids: Ids, victims: list[str]
) -> None:
    gateway = launch(FAILED_HANDSHAKES_PER_MINUTE="0")
    known, fresh, keyed, key = next(ids), next(ids), next(ids), passwords.generated()
    for name, password in ((known, CHOSEN), (fresh, CHOSEN), (keyed, key)):
        await inventory.add(name, password=password)
    await admitted(gateway, known, CHOSEN)
    for round_ in range(2):
        for writer in await wave(gateway, victims, round_):
            writer.transport.abort()
        assert await admitted(gateway, keyed, key) < 2
        assert await admitted(gateway, known, CHOSEN) < 2
    assert await admitted(gateway, fresh, CHOSEN) < 10
    assert gateway.metric("plugwatch_gateway_password_checks_total", how="slow") < 300


async def test_beyond_the_limit_of_an_address_only_cheap_checks_are_made(
    launch: Launch, inventory: Inventory, ids: Ids, victims: list[str]
) -> None:
    gateway = launch(FAILED_HANDSHAKES_PER_MINUTE="20")
    known, keyed, key = next(ids), next(ids), passwords.generated()
    for name, password in ((known, CHOSEN), (keyed, key)):
        await inventory.add(name, password=password)
    await admitted(gateway, known, CHOSEN)
    writers = await wave(gateway, victims[:200], 0)

    async def all_answered() -> bool:
        return gateway.metric("plugwatch_gateway_handshakes_total") >= 201

    await eventually(all_answered)
    assert gateway.metric("plugwatch_gateway_password_checks_total", how="slow") <= 41  # two minutes may meet in here
    assert gateway.metric("plugwatch_gateway_handshakes_total", status="429") > 0
    assert await admitted(gateway, keyed, key) < 2
    assert await admitted(gateway, known, CHOSEN) < 2
    for writer in writers:
        writer.transport.abort()


async def test_it_stops_in_time_although_hundreds_of_checks_wait(launch: Launch, victims: list[str]) -> None:
    gateway = launch(FAILED_HANDSHAKES_PER_MINUTE="0")
    writers = await wave(gateway, victims, 0) + await wave(gateway, victims, 1)
    assert len(writers) == 1_200
    started = time.monotonic()
    os.kill(gateway.pid, signal.SIGTERM)

    async def gone() -> bool:
        return not gateway.alive

    await eventually(gone)
    assert gateway.status == 0
    assert time.monotonic() - started < STOPS_WITHIN_S
    for writer in writers:
        writer.transport.abort()


async def test_silent_sockets_are_few_and_good_chargers_get_in_beside_them(launch: Launch, charge_point: str) -> None:
    gateway = launch(MAX_HALF_OPEN="200", HANDSHAKE_TIMEOUT_S="60")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    writers = []
    try:
        for number in range(5_000):
            _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            writers.append(writer)
            if number % 3 == 0:
                writer.write(b"GET /ocpp/slow HTTP/1.1\r\nHost:")
        async with charging(gateway, charge_point) as charger:
            assert (await charger.report("Available"))[0] == 3
            assert len(os.listdir(f"/proc/{gateway.pid}/fd")) < 500
            assert gateway.metric("plugwatch_gateway_half_open") <= 200
            assert gateway.metric("plugwatch_gateway_half_open_cut_off_total") >= 4_700
    finally:
        for writer in writers:
            writer.transport.abort()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert gateway.log.read_text().count("too many sockets without a handshake") == 1
