"""Counts that are kept are those that counting all would give."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from api.history.counts import ANEW_S, SURE_S, Counts
from shared.stores import hot, tally
from shared.words.status import STATUSES
from tests.integration.api.served import Api, eventually


@pytest.fixture
async def following(api: Api) -> AsyncIterator[Api]:
    async with api.stream.running():
        yield api


async def is_counted(api: Api) -> bool:
    """Whether it serves what there is; it may be a second old."""
    async with api.pool.acquire() as connection:
        wanted = await tally.taken(connection)
    return bool((await api.client.get("/v1/stats")).json() == wanted)


async def counted(api: Api) -> None:
    async def soon() -> bool:
        await asyncio.sleep(0.1)
        return await is_counted(api)

    await eventually(soon)


async def changed(api: Api, chance: random.Random, n: int) -> None:
    for number in range(n):
        station = f"S{chance.randrange(4)}"
        match chance.randrange(6):
            case 0:
                await api.client.post("/v1/stations", json={"id": station, "name": station})
            case 1:
                await api.client.delete(f"/v1/stations/{station}")
            case 2:
                body = {"id": f"CP{chance.randrange(6)}"}
                await api.client.post(f"/v1/stations/{station}/charge-points", json=body)
            case 3:
                await api.client.delete(f"/v1/charge-points/CP{chance.randrange(6)}")
            case 4:
                await api.client.patch(f"/v1/charge-points/CP{number % 6}", json={"station_id": station})
            case _:
                living = await api.pool.fetch("SELECT id FROM charge_points WHERE deleted_at IS NULL ORDER BY id")
                if living:
                    one, evses = chance.choice(living)["id"], chance.choices(STATUSES, k=chance.randrange(1, 4))
                    await api.rolled_up(one, *evses, connectivity=chance.choice(["ONLINE", "OFFLINE"]))


@pytest.mark.parametrize("seed", [1, 2])
async def test_kept_counts_are_those_of_counting_all(following: Api, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(4):
        await changed(following, chance, 20)
        await counted(following)


async def test_only_what_was_told_of_is_looked_up_until_all_is_counted_anew(api: Api) -> None:
    now = 100.0
    counts = Counts(lambda: now)
    await api.station("S1", "CP1", "CP2")

    async def down() -> int:
        counts.confirm(now, 3, b"filled")
        async with api.pool.acquire() as connection:
            n: int = (await counts.taken(connection))["charge_points"]["health"]["DOWN"]
            return n

    assert await down() == 0
    await api.pool.execute("UPDATE charge_points SET health = 'DOWN'")
    assert await down() == 0
    counts.overtake([(hot.charge_point_key("cp1"), 9)])
    assert await down() == 1
    await api.client.delete("/v1/charge-points/CP1")
    counts.overtake([(hot.charge_point_key("CP1"), 10), (hot.charge_point_key("none"), 10)])
    assert await down() == 0
    now += ANEW_S
    assert await down() == 1
    await api.pool.execute("UPDATE charge_points SET health = 'OK'")
    now += SURE_S
    async with api.pool.acquire() as connection:  # nobody has heard the stream for so long
        assert (await counts.taken(connection))["charge_points"]["health"]["DOWN"] == 0


async def test_what_was_missed_is_counted_anew(following: Api, redis: Redis) -> None:
    await following.station("S1", "CP1")
    await counted(following)
    await following.station("S2", "CP2")
    await redis.flushall()
    await counted(following)
    await following.copy.set_filled()
    await following.copy.mark(await following.copy.now(), 3600)
    await following.pool.execute("UPDATE charge_points SET health = 'DOWN'")  # and nobody tells of it
    await following.copy.set_filled()
    await following.copy.mark(await following.copy.now(), 3600)
    await counted(following)
