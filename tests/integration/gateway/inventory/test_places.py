"""The places that charge points are known to have, as sessions look them up."""

import asyncio
import logging

import pytest

from ingest.gateway.inventory.places import PlaceLookups, Places
from local.stack import Stack
from shared.stores import postgres
from tests.integration.gateway.parts import Ids, Inventory, eventually
from tests.integration.severed import proxied

_REPORT = """
    INSERT INTO reports (charge_point_key, evse_id, connector_id, reported, since, event_time, received_at, epoch,
                         sequence, forgotten)
    VALUES ($1, $2, $3, 'Available', now(), now(), now(), 1, 1, $4)
"""


async def test_each_session_is_told_the_places_of_its_charge_point_whatever_becomes_of_postgres(
    stack: Stack, database_url: str, inventory: Inventory, ids: Ids, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    one, other, none = [await inventory.add(next(ids)) for _ in range(3)]
    for row in ((one, 0, 0, False), (one, 1, 1, False), (one, 2, 1, True), (other, 1, 2, False)):
        await inventory.connection.execute(_REPORT, *row)
    told: dict[int, Places] = {}

    async def all_are_told() -> bool:
        return len(told) == 3

    async with proxied(stack.postgres.port) as proxy:
        dsn = database_url.replace(f":{stack.postgres.port}/", f":{proxy.port}/")
        async with postgres.pool(dsn, size=1, name="places-test") as pool, asyncio.TaskGroup() as group:
            lookups = PlaceLookups(pool)
            running = group.create_task(lookups.run())
            for is_severed in (False, True):
                told.clear()
                if is_severed:
                    proxy.cut()
                for key in (one, other, none):
                    lookups.want(key, lambda places, key=key: told.update({key: places}))  # type: ignore[misc]
                await eventually(all_are_told, within_s=40)
                assert {key: sorted(places) for key, places in told.items()} == {
                    one: [(0, 0), (1, 1)],  # and not what an operator says is no longer there
                    other: [(1, 2)],
                    none: [],
                }
            running.cancel()
    said = [record.levelname for record in caplog.records if record.name == "plugwatch.gateway.places"]
    assert said == ["WARNING", "INFO"]
