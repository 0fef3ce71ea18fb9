"""Changes of the inventory at a gateway that runs: they act within a second, and known chargers need no Postgres."""

import asyncio
import json
import time

from local.stack import Stack
from shared.stores import fleet
from shared.words.event import SessionBegan
from tests.integration.gateway.charger import charging, refusal
from tests.integration.gateway.parts import Gateway, Ids, Inventory, Topic, eventually

ACTS_WITHIN_S = 1.0
BUSY_MACHINE_S = 4.0  #: what a loaded machine may add to it


async def test_a_charge_point_that_was_just_refused_comes_in_once_it_is_created(
    gateway: Gateway, inventory: Inventory, ids: Ids
) -> None:
    charge_point_id = next(ids)
    assert await refusal(gateway, charge_point_id) == 404
    await inventory.add(charge_point_id)
    created = time.monotonic()
    while await refusal(gateway, charge_point_id) != 101:
        assert time.monotonic() - created < ACTS_WITHIN_S + BUSY_MACHINE_S


async def test_a_deleted_charge_point_is_put_out_and_refused(gateway: Gateway, inventory: Inventory, ids: Ids) -> None:
    charge_point_id = next(ids)
    key = await inventory.add(charge_point_id)
    async with charging(gateway, charge_point_id) as charger:
        assert (await charger.report("Available"))[0] == 3
        await inventory.delete(key)
        assert await charger.closed(within_s=ACTS_WITHIN_S + BUSY_MACHINE_S) == 1008
    assert await refusal(gateway, charge_point_id) == 404


async def test_an_id_that_is_created_again_comes_in_under_its_new_key(
    gateway: Gateway, inventory: Inventory, ids: Ids
) -> None:
    charge_point_id = next(ids)
    await inventory.delete(await inventory.add(charge_point_id))
    await inventory.add(charge_point_id.lower())
    await eventually(lambda: _let_in(gateway, charge_point_id))
    async with charging(gateway, charge_point_id) as charger:
        assert (await charger.report("Available"))[0] == 3


async def test_a_registration_acts_on_the_open_session_which_is_announced_again(
    gateway: Gateway, inventory: Inventory, ids: Ids, topic: Topic
) -> None:
    charge_point_id = next(ids)
    key = await inventory.add(charge_point_id)
    async with charging(gateway, charge_point_id) as charger:
        assert (await charger.report("Available"))[0] == 3
        await inventory.register(key, "PENDING")

        async def refused() -> bool:
            answer = await charger.report("Charging")
            return bool(answer[0] == 4 and answer[2] == "SecurityError")

        await eventually(refused, within_s=ACTS_WITHIN_S + BUSY_MACHINE_S)
        boot = {"chargePointVendor": "v", "chargePointModel": "m"}
        assert (await charger.call("BootNotification", boot))[2]["status"] == "Pending"
        await inventory.register(key, "ACCEPTED")

        async def accepted() -> bool:
            return bool((await charger.report("Charging"))[0] == 3)

        await eventually(accepted, within_s=ACTS_WITHIN_S + BUSY_MACHINE_S)
    began = await topic.events(charge_point_id, SessionBegan)
    assert len(began) == 3, "the rollup settles its statuses at each announcement"
    assert len({event.epoch for event in began}) == 1


async def test_what_changed_while_nobody_listened_is_found_by_comparison(
    gateway: Gateway, inventory: Inventory, ids: Ids
) -> None:
    created, deleted = next(ids), next(ids)
    key = await inventory.add(deleted)
    async with charging(gateway, deleted) as charger:
        assert (await charger.call("Heartbeat", {}))[0] == 3
        async with inventory.connection.transaction():  # no announcement
            await inventory.connection.execute("UPDATE charge_points SET deleted_at = now() WHERE key = $1", key)
            await inventory.connection.execute("INSERT INTO charge_points (id) VALUES ($1)", created)
        assert (await charger.call("Heartbeat", {}))[0] == 3
        cut = await inventory.connection.fetch(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE application_name = 'plugwatch-gateway-listen' AND datname = current_database()"""
        )
        assert cut
        assert await charger.closed() == 1008
    assert await refusal(gateway, created) == 101


async def test_known_chargers_come_back_while_postgres_is_away(
    gateway: Gateway, impatient: Gateway, stack: Stack, inventory: Inventory, ids: Ids
) -> None:
    names = [next(ids) for _ in range(20)]
    for name in names:
        await inventory.add(name)
    await eventually(lambda: _let_in(gateway, names[-1]))
    stack.postgres.pause()
    try:
        stranger = asyncio.create_task(refusal(impatient, next(ids), open_timeout=20))
        for _ in range(3):
            assert await asyncio.gather(*(refusal(gateway, name) for name in names)) == [101] * 20
        assert await stranger == 503
    finally:
        stack.postgres.resume()
    await eventually(lambda: _let_in(gateway, names[0]))


async def _let_in(gateway: Gateway, charge_point_id: str) -> bool:
    return await refusal(gateway, charge_point_id) == 101


async def test_open_registration_lets_strangers_in_but_none_that_was_deleted(
    impatient: Gateway, inventory: Inventory, ids: Ids
) -> None:
    await eventually(lambda: _let_in(impatient, next(ids)))  # it has noticed that the outage of another test is over
    stranger, deleted = next(ids), next(ids)
    await inventory.delete(await inventory.add(deleted))
    answers = await asyncio.gather(*(refusal(impatient, stranger) for _ in range(5)))
    assert 101 in answers
    assert set(answers) <= {101, 503}
    rows = await inventory.connection.fetch(
        "SELECT station_key, document, revision FROM charge_points WHERE folded_id = lower($1)", stranger
    )
    ((station_key, document, revision),) = rows
    assert station_key is None
    assert json.loads(document)["id"] == stranger
    assert revision > 0
    assert await refusal(impatient, deleted.lower()) == 404


async def test_many_changes_in_one_announcement_are_all_seen(gateway: Gateway, inventory: Inventory, ids: Ids) -> None:
    """More keys than fit into a payload: the announcement says that everything must be compared."""
    async with inventory.connection.transaction():
        rows = await inventory.connection.fetch(
            "INSERT INTO charge_points (id) SELECT 'bulk-' || n FROM generate_series(1, 3000) n RETURNING key"
        )
        await fleet.announce(inventory.connection, [row["key"] for row in rows])
    assert await refusal(gateway, "bulk-1") == 101

    async def known() -> bool:
        return gateway.metric("plugwatch_gateway_registry_charge_points") >= 3000

    await eventually(known)
