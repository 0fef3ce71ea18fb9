"""The registry on its own: lookups that are joined, what a comparison finds, and what is read once Postgres answers."""

import asyncio
import time

import asyncpg
import pytest

from ingest.gateway.inventory.comparison import PAGE
from ingest.gateway.inventory.registry import Registry
from local.stack import Stack
from shared.stores import postgres
from tests.integration.gateway.parts import Ids, Inventory, eventually
from tests.integration.severed import proxied


async def test_a_listening_connection_that_fell_silent_is_replaced_and_deletes_act_again(
    database_url: str, stack: Stack, inventory: Inventory, ids: Ids
) -> None:
    charge_points = [(name, await inventory.add(name)) for name in (next(ids), next(ids))]
    async with proxied(stack.postgres.port) as proxy, postgres.pool(database_url, size=2, name="registry-test") as pool:
        dsn = database_url.replace(f":{stack.postgres.port}/", f":{proxy.port}/")
        assert dsn != database_url
        registry = Registry(pool, listen_dsn=dsn, open_registration=False)

        async def forgotten(key: int) -> bool:
            return registry.known(key) is None

        async with asyncio.TaskGroup() as group:
            following = [group.create_task(registry.listen()), group.create_task(registry.follow())]
            for name, key in charge_points:
                await eventually(lambda name=name: registry.find(name))  # type: ignore[misc]
                await inventory.delete(key)
                cut = time.monotonic()
                await eventually(lambda key=key: forgotten(key), within_s=90)  # type: ignore[misc]
                assert time.monotonic() - cut < 15
                proxy.cut()
            for task in following:
                task.cancel()


class _Counting:
    """Sees the queries of a registry that wait, since a test holds the table."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def waiting(self) -> int:
        """Queries on charge points that wait for a lock now."""
        return int(
            await self._connection.fetchval(
                """SELECT count(*) FROM pg_stat_activity
                   WHERE wait_event_type = 'Lock' AND application_name = 'registry-test'"""
            )
        )


@pytest.mark.parametrize("open_registration", [False, True])
async def test_what_changed_while_it_was_looked_up_is_read_again(
    database_url: str, inventory: Inventory, ids: Ids, open_registration: bool
) -> None:
    charge_point_id = next(ids)
    if not open_registration:
        await inventory.add(charge_point_id)
    async with postgres.pool(database_url, size=2, name="registry-test") as pool:
        registry = Registry(pool, listen_dsn=database_url, open_registration=open_registration)
        entry = await registry.find(charge_point_id)
        assert entry is not None
        await inventory.delete(entry.key)  # as if that was told before the answer to the lookup was taken
        following = asyncio.create_task(registry.follow())

        async def forgotten() -> bool:
            return registry.known(entry.key) is None

        await eventually(forgotten)
        assert entry.deleted
        following.cancel()


@pytest.mark.parametrize("exists", [True, False])
async def test_lookups_of_one_id_are_one_query_and_a_miss_is_remembered(
    database_url: str, inventory: Inventory, ids: Ids, exists: bool
) -> None:
    async with postgres.pool(database_url, size=10, name="registry-test") as pool:
        registry = Registry(pool, listen_dsn=database_url, open_registration=False)
        charge_point_id = next(ids)
        if exists:
            await inventory.add(charge_point_id)
        counting = _Counting(inventory.connection)
        other = await postgres.connect(database_url, name="locker")
        try:
            async with asyncio.TaskGroup() as group, other.transaction():
                await other.execute("LOCK TABLE charge_points IN ACCESS EXCLUSIVE MODE")
                spellings = (charge_point_id, charge_point_id.lower())
                asked = [group.create_task(registry.find(spellings[n % 2])) for n in range(20)]
                await eventually(counting.waiting)
                assert await counting.waiting() == 1
            assert {task.result() is not None for task in asked} == {exists}
            async with other.transaction():
                await other.execute("LOCK TABLE charge_points IN ACCESS EXCLUSIVE MODE")
                async with asyncio.timeout(5):
                    assert (await registry.find(charge_point_id) is not None) == exists
        finally:
            await other.close()


async def test_a_lookup_that_fails_fails_for_all_who_wait_and_is_tried_again(
    database_url: str, inventory: Inventory, ids: Ids
) -> None:
    charge_point_id = next(ids)
    await inventory.add(charge_point_id)
    async with postgres.pool(database_url, size=2, name="registry-test") as pool:
        registry = Registry(pool, listen_dsn=database_url, open_registration=False)
        other = await postgres.connect(database_url, name="locker")
        try:
            async with other.transaction():
                await other.execute("LOCK TABLE charge_points IN ACCESS EXCLUSIVE MODE")
                asked = [asyncio.create_task(registry.find(charge_point_id)) for _ in range(3)]
                await eventually(_Counting(inventory.connection).waiting)
                await inventory.connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'registry-test'"
                )
                failures = await asyncio.gather(*asked, return_exceptions=True)
            assert all(isinstance(failure, postgres.AWAY) for failure in failures)
        finally:
            await other.close()
        found = await registry.find(charge_point_id)
        assert found is not None
        assert found.id == charge_point_id


async def test_a_full_comparison_forgets_what_is_gone_and_tells(
    database_url: str, inventory: Inventory, ids: Ids
) -> None:
    gone, stays = next(ids), next(ids)
    key = await inventory.add(gone)
    await inventory.add(stays)
    async with postgres.pool(database_url, size=2, name="registry-test") as pool:
        registry = Registry(pool, listen_dsn=database_url, open_registration=False)
        changed: list[str] = []
        registry.on_change = lambda entry: changed.append(entry.id)
        await registry.load()
        entry = registry.known(key)
        assert entry is not None
        await inventory.connection.execute("UPDATE charge_points SET deleted_at = now() WHERE key = $1", key)
        await registry.load()
        assert entry.deleted
        assert changed == [gone]
        assert registry.known(key) is None
        assert await registry.find(gone) is None
        found = await registry.find(stays)
        assert found is not None
        assert not found.deleted


async def test_what_nobody_hears_of_is_found_by_the_next_comparison_in_whichever_page_it_lies(
    database_url: str, inventory: Inventory, ids: Ids
) -> None:
    names = [next(ids) for _ in range(2 * PAGE + 2)]
    rows = await inventory.connection.fetch(
        "INSERT INTO charge_points (id) SELECT unnest($1::text[]) RETURNING id, key", names
    )
    keys = {row["id"]: row["key"] for row in rows}
    gone = [names[0], names[PAGE], names[-1]]
    async with postgres.pool(database_url, size=2, name="registry-test") as pool:
        registry = Registry(pool, listen_dsn="postgresql://127.0.0.1:1/nowhere", open_registration=False)
        await registry.load()
        assert all(registry.known(keys[name]) for name in names)
        following = asyncio.create_task(registry.follow(compare_s=0.1))
        await inventory.connection.execute("UPDATE charge_points SET deleted_at = now() WHERE id = ANY($1)", gone)
        created = await inventory.add(gone[0])  # announced, but not heard

        async def found() -> bool:
            return registry.known(created) is not None and not any(registry.known(keys[name]) for name in gone)

        await eventually(found)
        assert all(registry.known(keys[name]) for name in names if name not in gone)
        following.cancel()


async def test_a_change_that_could_not_be_read_is_read_when_postgres_answers_again(
    database_url: str, inventory: Inventory, ids: Ids
) -> None:
    key = await inventory.add(next(ids))
    async with postgres.pool(database_url, size=2, name="registry-test") as pool:
        registry = Registry(pool, listen_dsn=database_url, open_registration=False)
        other = await postgres.connect(database_url, name="locker")
        following = asyncio.create_task(registry.follow())
        try:
            async with other.transaction():
                await other.execute("LOCK TABLE charge_points IN ACCESS EXCLUSIVE MODE")
                registry._name(str(key))
                await eventually(_Counting(inventory.connection).waiting)
                await inventory.connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'registry-test'"
                )
        finally:
            await other.close()

        async def known() -> bool:
            return registry.known(key) is not None

        await eventually(known)
        following.cancel()
