"""A traced charge point's frames are in Redis within a second, masked; nobody else's are."""

import json
from typing import Any

from redis.asyncio import Redis

from local.stack import Stack
from shared.stores import fleet, traces
from tests.integration.gateway.charger import charging
from tests.integration.gateway.parts import Gateway, Ids, Inventory, eventually


async def frames(redis: Redis, key: int) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in await traces.newest(redis, key)][::-1]


async def trace(inventory: Inventory, key: int, seconds: float) -> None:
    async with inventory.connection.transaction():
        await inventory.connection.execute(
            "UPDATE charge_points SET trace_until = now() + make_interval(secs => $2) WHERE key = $1", key, seconds
        )
        await fleet.announce(inventory.connection, [key])


async def test_frames_are_kept_while_a_trace_is_on_and_not_after_it(
    stack: Stack, gateway: Gateway, inventory: Inventory, ids: Ids
) -> None:
    traced, other = next(ids), next(ids)
    key, other_key = await inventory.add(traced), await inventory.add(other)
    async with (
        Redis.from_url(stack.redis_url) as redis,
        charging(gateway, traced) as charger,
        charging(gateway, other) as bystander,
    ):
        await charger.call("Heartbeat", {})
        await trace(inventory, key, 60)

        async def heard() -> bool:
            await charger.call("Heartbeat", {})
            await bystander.call("Heartbeat", {})
            return bool(await frames(redis, key))

        await eventually(heard)
        await charger.call("Authorize", {"idTag": "SECRET-1"})
        await charger.socket.send("SECRET-2, no frame")

        async def shown() -> bool:
            return "(18 bytes)" in [frame["frame"] for frame in await frames(redis, key)]

        await eventually(shown)
        kept = await frames(redis, key)
        assert "SECRET" not in str(kept)
        of_authorize = [json.loads(one["frame"]) for one in kept if "Authorize" in one["frame"]]
        assert of_authorize[0][3] == {"idTag": "***"}
        assert {one["direction"] for one in kept} == {"in", "out"}
        assert await frames(redis, other_key) == []

        await trace(inventory, key, -1)

        async def stopped() -> bool:
            before = len(await frames(redis, key))
            for _ in range(3):
                await charger.call("Heartbeat", {})
            return before == len(await frames(redis, key))

        await eventually(stopped)


async def test_a_trace_ends_by_itself(stack: Stack, gateway: Gateway, inventory: Inventory, ids: Ids) -> None:
    charge_point_id = next(ids)
    key = await inventory.add(charge_point_id)
    await trace(inventory, key, 2)
    async with Redis.from_url(stack.redis_url) as redis, charging(gateway, charge_point_id) as charger:

        async def kept() -> bool:
            await charger.call("Heartbeat", {})
            return bool(await frames(redis, key))

        await eventually(kept)
        seen = 0

        async def over() -> bool:
            nonlocal seen
            before, seen = seen, len(await frames(redis, key))
            await charger.call("Heartbeat", {})
            return bool(
                before == seen
                and await inventory.connection.fetchval(
                    "SELECT trace_until + interval '2 s' < now() FROM charge_points WHERE key = $1", key
                )
            )

        await eventually(over)
