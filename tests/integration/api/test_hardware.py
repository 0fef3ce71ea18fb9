"""Hardware behind an id: a device swapped on purpose, a connector that is no longer there."""

import asyncio

import pytest

from shared.credentials import passwords
from tests.integration.api.operated import Ingest, knocking, new_id, plugged, refused
from tests.integration.api.served import Api, eventually

KEY = "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"
_BOOT_2X: dict[str, object] = {
    "reason": "PowerUp",
    "chargingStation": {"vendorName": "V", "model": "M", "serialNumber": "B"},
}
BOOT: dict[str, dict[str, object]] = {
    "ocpp1.6": {"chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": "B"},
    "ocpp2.0.1": _BOOT_2X,
    "ocpp2.1": _BOOT_2X,
}


@pytest.mark.parametrize("dialect", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_a_connector_that_is_no_longer_there_is_forgotten_until_it_speaks(
    api: Api, ingest: Ingest, dialect: str
) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp, dialect, "Available", "Faulted") as plug:
        gone = await api.client.delete(f"/v1/charge-points/{cp.lower()}/connectors/2/1")
        assert (gone.status_code, gone.content) == (204, b"")
        document = await api.charge_point(cp)
        assert ([evse["id"] for evse in document["evses"]], document["counts"]) == ([1], {"AVAILABLE": 1})
        assert (await api.client.get("/v1/stations/S1")).json()["counts"] == {"AVAILABLE": 1}
        for path in (f"{cp}/connectors/2/1", f"{cp}/connectors/9/0", "nobody/connectors/1/1"):
            assert (await api.client.delete(f"/v1/charge-points/{path}")).status_code == 404
        (entry,) = (await api.client.get(f"/v1/audit?charge_point_id={cp}&limit=1")).json()["items"]
        assert (entry["action"], entry["before"]) == ("place.forgotten", {"evse_id": 2, "connector_id": 1})
        await plug.report("Available", 2)

        async def is_back() -> bool:
            return [evse["id"] for evse in (await api.charge_point(cp))["evses"]] == [1, 2]

        await eventually(is_back)


@pytest.mark.parametrize("dialect", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_a_swapped_device_has_the_same_history_and_a_number_of_its_own(
    api: Api, ingest: Ingest, dialect: str
) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp, dialect, "Available", "Available"):
        before = await api.charge_point(cp)
        swapped = await api.client.post(f"/v1/charge-points/{cp}/replace", json={"generate_password": True})
        assert swapped.status_code == 200
        after = swapped.json()
    assert (before["hardware"], after["hardware"]) == (1, 2)
    assert (before["model"], after["model"], after["vendor"], after["protocol"]) == ("M", None, None, None)
    assert after["evses"] == before["evses"]
    stored = await api.pool.fetchval("SELECT password_hash FROM charge_points WHERE id = $1", cp)
    assert passwords.matches(stored, after["password"].encode())
    await api.client.patch(f"/v1/charge-points/{cp}", json={"password": None})

    async def is_let_in() -> bool:
        return await refused(ingest.gateways[1], cp) == 101

    await eventually(is_let_in)
    async with knocking(ingest.gateways[1], cp, dialect) as plug:
        await plug.call("BootNotification", BOOT[dialect])
        await plug.report("Reserved", 1)

        async def is_reserved() -> bool:
            return bool((await api.charge_point(cp))["evses"][0]["status"] == "RESERVED")

        await eventually(is_reserved)
        assert (await api.charge_point(cp))["hardware"] == 2, "counted once"
        query = "SELECT hardware_since IS NOT NULL FROM charge_points WHERE id = $1"
        assert await api.pool.fetchval(query, cp), "the second place is waited for"
    lines = (await api.client.get(f"/v1/charge-points/{cp}/history?kind=STATUS")).json()["items"]
    assert [line["reported"] for line in lines] == ["Reserved", "Available", "Available"]


@pytest.mark.parametrize("dialect", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_who_is_connected_when_it_is_replaced_connects_again_and_speaks_for_itself(
    api: Api, ingest: Ingest, dialect: str
) -> None:
    """The new device may have come before the operator said so; it must not count as the one that was there."""
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp, dialect, "Available", "Available") as plug:
        await api.pool.execute("UPDATE charge_points SET unreported_since = now(), hardware_epoch = epoch + 1")
        assert (await api.client.post(f"/v1/charge-points/{cp}/replace", json={})).status_code == 200
        assert await plug.closed() in (1000, 1001)
    async with plugged(api, ingest.gateways[0], cp, dialect, "Charging" if dialect == "ocpp1.6" else "Occupied"):
        query = "SELECT hardware_since IS NULL AND epoch >= hardware_epoch FROM charge_points WHERE id = $1"

        async def is_the_new_one() -> bool:
            counts = (await api.charge_point(cp))["counts"]
            return bool(await api.pool.fetchval(query, cp)) and counts == {"OCCUPIED": 1}

        await eventually(is_the_new_one)


async def test_without_a_password_a_swapped_device_bears_the_former_ones(api: Api) -> None:
    await api.station("S1")
    await api.client.post("/v1/stations/S1/charge-points", json={"id": "CP1", "password": KEY})
    before = await api.pool.fetchval("SELECT password_hash FROM charge_points")
    assert (await api.client.post("/v1/charge-points/CP1/replace", json={})).json()["hardware"] == 2
    assert await api.pool.fetchval("SELECT password_hash FROM charge_points") == before
    await api.client.post("/v1/charge-points/CP1/replace", json={"password": None})
    assert await api.pool.fetchval("SELECT password_hash FROM charge_points") is None
    assert (await api.client.post("/v1/charge-points/nobody/replace", json={})).status_code == 404
    assert (await api.client.post("/v1/charge-points/CP1/replace", json={"serial": "B"})).status_code == 422


@pytest.mark.parametrize("dialect", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_a_boot_with_another_serial_number_is_another_device(api: Api, ingest: Ingest, dialect: str) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp, dialect) as plug:
        await api.pool.execute("UPDATE charge_points SET serial = 'A' WHERE id = $1", cp)
        await plug.call("BootNotification", BOOT[dialect])

        async def is_another() -> bool:
            return bool((await api.charge_point(cp))["hardware"] == 2)

        await eventually(is_another)


async def test_while_no_rollup_runs_a_connector_is_marked_and_that_is_said(api: Api) -> None:
    await api.station("S1", "CP1")
    await api.rolled_up("CP1", "AVAILABLE")
    await api.pool.execute(
        "INSERT INTO reports (charge_point_key, evse_id, connector_id, reported, since, event_time, received_at, epoch,"
        " sequence) SELECT key, 1, 1, 'Available', now(), now(), now(), 1, 0 FROM charge_points"
    )
    assert (await api.client.delete("/v1/charge-points/CP1/connectors/1/1")).status_code == 202
    assert len((await api.charge_point("CP1"))["evses"]) == 1
    assert await api.pool.fetchval("SELECT forgotten FROM reports")


async def test_devices_swapped_at_once_are_counted_each(api: Api) -> None:
    await api.station("S1", "CP1")
    posts = [api.client.post("/v1/charge-points/CP1/replace", json={}) for _ in range(5)]
    assert sorted([answer.json()["hardware"] for answer in await asyncio.gather(*posts)]) == [2, 3, 4, 5, 6]
