"""From a charger to the API, and what a killed process costs: nothing."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

import asyncpg
import ocpp.v16
import ocpp.v21
import ocpp.v201
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from local.apart import ROOT
from tests.e2e.history import History
from tests.e2e.inventory import POLL_S, Inventory, says
from tests.e2e.system import System

CHARGERS = 30
RATE = 60
CHANGES = 150  #: that must be in history before a process is killed, and be added after it is back

NOW = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
STATION = {"vendor_name": "V", "model": "M"}
DIALECTS: dict[str, tuple[Any, Any, Any]] = {
    "ocpp1.6": (
        ocpp.v16.ChargePoint,
        ocpp.v16.call.BootNotification(charge_point_vendor="V", charge_point_model="M"),
        ocpp.v16.call.StatusNotification(connector_id=2, error_code="NoError", status="SuspendedEV"),
    ),
    "ocpp2.0.1": (
        ocpp.v201.ChargePoint,
        ocpp.v201.call.BootNotification(charging_station=STATION, reason="PowerUp"),
        ocpp.v201.call.StatusNotification(timestamp=NOW, connector_status="Occupied", evse_id=2, connector_id=1),
    ),
    "ocpp2.1": (
        ocpp.v21.ChargePoint,
        ocpp.v21.call.BootNotification(charging_station=STATION, reason="PowerUp"),
        ocpp.v21.call.StatusNotification(timestamp=NOW, connector_status="Occupied", evse_id=2, connector_id=1),
    ),
}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_reported_status_is_readable_through_the_api(
    dialect: str, system: System, inventory: Inventory
) -> None:
    station_id, charge_point_id = f"S-{token_hex(4)}", f"CP {dialect}|{token_hex(4)}"
    await inventory.add_station(station_id)
    await inventory.add_charge_point(station_id, charge_point_id)
    charge_point_class, boot, status = DIALECTS[dialect]

    address = f"{system.gateway}/{charge_point_id.replace(' ', '%20').replace('|', '%7C')}"
    async with (
        connect(address, subprotocols=[Subprotocol(dialect)], proxy=None) as socket,
        asyncio.TaskGroup() as tasks,
    ):
        charge_point = charge_point_class(charge_point_id, socket)
        reading = tasks.create_task(charge_point.start())
        assert (await charge_point.call(boot)).status == "Accepted"
        await charge_point.call(status, suppress=False)
        word = getattr(status, "status", None) or status.connector_status
        document = await inventory.shows(charge_point_id, says({"2:1": word}))
        assert document["connectivity"] == "ONLINE"
        assert document["protocol"] == dialect
        assert (await inventory.station(station_id))["status"] == "OCCUPIED"
        reading.cancel()


@pytest.mark.parametrize("way", ["PATCH", "import"])
async def test_whom_an_operator_refuses_is_unknown_at_once_until_it_is_let_in_again(
    way: str, system: System, inventory: Inventory
) -> None:
    station_id, charge_point_id = f"S-{token_hex(4)}", f"CP-{token_hex(4)}"
    await inventory.add_station(station_id)
    await inventory.add_charge_point(station_id, charge_point_id)

    async def register(registration: str) -> None:
        if way == "PATCH":
            await inventory.register(charge_point_id, registration)
        else:
            await inventory.import_registrations({charge_point_id: registration})

    async with connect(f"{system.gateway}/{charge_point_id}", subprotocols=[Subprotocol("ocpp1.6")]) as socket:
        for connector in (1, 2):
            status = {"connectorId": connector, "errorCode": "NoError", "status": "Available"}
            await socket.send(json.dumps([2, f"{connector}", "StatusNotification", status]))
        await inventory.shows(charge_point_id, says({"1:1": "Available", "2:1": "Available"}))
        await register("REJECTED")
        document = await inventory.shows(charge_point_id, lambda document: document["counts"] == {"UNKNOWN": 2})
        assert {evse["connectors"][0]["reason"] for evse in document["evses"]} == {"REGISTRATION"}
        assert (document["status"], document["connectivity"]) == ("UNKNOWN", "ONLINE")
        assert (await inventory.station(station_id))["status"] == "UNKNOWN"
        await register("ACCEPTED")
        await inventory.shows(charge_point_id, lambda document: document["counts"] == {"AVAILABLE": 2})


@pytest.mark.parametrize("victim", ["rollup", "gateway"])
async def test_a_killed_process_loses_nothing_and_doubles_nothing(
    victim: str, system: System, inventory: Inventory, database: asyncpg.Connection, tmp_path: Path
) -> None:
    station_id = f"S-{token_hex(4)}"
    charge_point_ids = [f"{station_id}-{number}" for number in range(CHARGERS)]
    history = History(database, charge_point_ids)
    await inventory.add_station(station_id)
    for charge_point_id in charge_point_ids:
        await inventory.add_charge_point(station_id, charge_point_id)

    async with simulated(system, charge_point_ids, tmp_path) as expectation:
        await becomes(history.count, lambda count: count >= CHANGES)
        killed = system.pids[victim]
        os.kill(killed, signal.SIGKILL)
        await restarted(system, victim, killed)
        enough = await history.count() + CHANGES
        await becomes(history.count, lambda count: count >= enough)
        await becomes(history.gateways, lambda count: count == 1)  # all are back
    await becomes(history.in_session, lambda count: count == 0)  # all that the chargers sent is applied

    expected: dict[str, dict[str, str]] = json.loads(expectation.read_text())
    assert sum(map(len, expected.values())) > CHARGERS
    newest = await history.newest()
    for charge_point_id, statuses in expected.items():
        await inventory.shows(charge_point_id, says(statuses))
        assert {connector: newest[charge_point_id, connector] for connector in statuses} == statuses
    assert await history.doubled() == []
    assert await history.unchanged() == []
    await inventory.remove_station(station_id)


@asynccontextmanager
async def simulated(system: System, charge_point_ids: list[str], directory: Path) -> AsyncIterator[Path]:
    """Simulated chargers while the block runs; gives the file that then says what they had acknowledged."""
    ids, expectation = directory / "ids", directory / "expected.json"
    ids.write_text("\n".join(charge_point_ids))
    options = {"url": system.gateway, "ids-file": ids, "rate": RATE, "vanish-every": 0, "expect-file": expectation}
    simulator = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loadtest.simulator", "--quiet",
        *(f"--{name}={value}" for name, value in options.items()),
        cwd=ROOT,
    )  # fmt: skip
    try:
        yield expectation
    finally:
        simulator.terminate()
        status = await asyncio.wait_for(simulator.wait(), timeout=15)
    assert status == 0


async def becomes(count: Callable[[], Awaitable[int]], enough: Callable[[int], bool], within_s: float = 30.0) -> None:
    """Poll until the count is as wanted."""
    deadline = time.monotonic() + within_s
    while not enough(found := await count()):
        assert time.monotonic() < deadline, f"still {found} after {within_s} s"
        await asyncio.sleep(POLL_S)


async def restarted(system: System, name: str, killed: int, within_s: float = 30.0) -> None:
    """Poll until the runner has started the process again."""
    deadline = time.monotonic() + within_s
    while system.pids[name] == killed:
        assert time.monotonic() < deadline, f"{name} was not started again within {within_s} s"
        await asyncio.sleep(POLL_S)
