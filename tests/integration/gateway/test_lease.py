"""The row that says this gateway lives."""

import time
from collections.abc import Awaitable, Callable

import pytest
from prometheus_client import CollectorRegistry

from ingest.gateway.lease import Lease
from ingest.gateway.metrics import Metrics
from local.stack import Stack
from shared.stores import postgres
from shared.words.event import SessionBegan
from tests.integration.gateway.charger import charging
from tests.integration.gateway.conftest import Launch
from tests.integration.gateway.parts import Gateway, Inventory, Topic, eventually


async def test_the_lease_is_renewed(gateway: Gateway, inventory: Inventory) -> None:
    async def renewed_at() -> object:
        return await inventory.connection.fetchval("SELECT renewed_at FROM gateways WHERE id = $1", gateway.id)

    before = await renewed_at()
    assert before is not None

    async def later() -> bool:
        return await renewed_at() != before

    await eventually(later)
    assert await inventory.connection.fetchval("SELECT expires_at > now() FROM gateways WHERE id = $1", gateway.id)


@pytest.mark.parametrize(
    "lapse", ["UPDATE gateways SET expires_at = now() WHERE id = $1", "DELETE FROM gateways WHERE id = $1"]
)
async def test_after_its_lease_lapsed_a_gateway_announces_its_sessions_again(
    gateway: Gateway, inventory: Inventory, charge_point: str, topic: Topic, lapse: str
) -> None:
    async with charging(gateway, charge_point) as charger:
        assert (await charger.report("Available"))[0] == 3
        await inventory.connection.execute(lapse, gateway.id)

        async def again() -> bool:
            return len(await topic.events(charge_point, SessionBegan)) == 2

        await eventually(again)
        assert (await charger.report("Charging"))[0] == 3
        events = await topic.events(charge_point)
        assert [event.sequence for event in events] == [0, 1, 2, 3]
        assert len({event.epoch for event in events}) == 1


async def test_a_gateway_cut_off_from_postgres_renews_when_it_is_back(
    gateway: Gateway, stack: Stack, inventory: Inventory, charge_point: str, topic: Topic
) -> None:
    async with charging(gateway, charge_point) as charger:
        assert (await charger.report("Available"))[0] == 3
        lapses = gateway.metric("plugwatch_gateway_lease_lapses_total")
        stack.postgres.pause()
        try:
            await charger.hears_nothing(for_s=4)
            assert (await charger.report("Charging"))[0] == 3
        finally:
            stack.postgres.resume()

        async def lapsed() -> bool:
            return gateway.metric("plugwatch_gateway_lease_lapses_total") > lapses

        await eventually(lapsed)
        await eventually(lambda: _began_twice(topic, charge_point))


async def _began_twice(topic: Topic, charge_point: str) -> bool:
    return len(await topic.events(charge_point, SessionBegan)) >= 2


async def test_a_name_that_is_used_again_keeps_nobody_alive(launch: Launch, inventory: Inventory) -> None:
    again = launch(LEASE_S="60")
    before = again.id
    again.restart()
    assert again.id != before, "each start is an incarnation with a lease of its own"
    leases = await inventory.connection.fetch("SELECT id FROM gateways WHERE id = ANY($1)", [before, again.id])
    assert len(leases) == 2


async def test_after_an_outage_of_postgres_a_gateway_holds_its_lease_once_others_could_renew_theirs(
    database_url: str, inventory: Inventory
) -> None:
    """It says of others that theirs ran out: they try once a second, and may wait a lease for a dead connection."""
    async with postgres.pool(database_url, size=1, name="lease-test") as pool:
        lease = Lease(pool, gateway_id="late", lease_s=1, metrics=Metrics(CollectorRegistry()))
        await lease.renew()
        assert lease.is_held, "it started: a power cut of everything leaves its outages in history"
        await eventually(lapsed_by(lease))
        back = time.monotonic()
        while time.monotonic() - back < 0.9:
            await lease.renew()
            assert not lease.is_held
        await eventually(lambda: held_again(lease), within_s=2)


def lapsed_by(lease: Lease) -> Callable[[], Awaitable[bool]]:
    async def lapsed() -> bool:
        return not lease.is_held

    return lapsed


async def held_again(lease: Lease) -> bool:
    await lease.renew()
    return lease.is_held


async def test_giving_up_ends_the_lease_at_once(database_url: str, inventory: Inventory) -> None:
    async with postgres.pool(database_url, size=1, name="lease-test") as pool:
        lease = Lease(pool, gateway_id="ends", lease_s=60, metrics=Metrics(CollectorRegistry()))
        await lease.renew()
        assert await lease.renew() is False
        await lease.give_up()
    assert await inventory.connection.fetchval("SELECT expires_at <= now() FROM gateways WHERE id = 'ends'")
