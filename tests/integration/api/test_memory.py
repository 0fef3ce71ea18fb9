"""Two replicas with documents in memory, and a Redis that is flushed, frozen and killed while they are asked."""

import asyncio
import contextlib
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from ingest.rollup.copy.freshness import COUNTS_S, Freshness
from ingest.rollup.copy.publication import OLD_S, Publication
from ingest.rollup.metrics import Metrics
from local.stack import Stack
from shared.stores import hot
from shared.stores.hot import HotCopy
from shared.stores.postgres import Pool
from tests.integration.api.served import Api, eventually

STATIONS = 4
LATE_S = OLD_S + COUNTS_S + 1  #: a document that was overtaken so long ago is shown by nobody

Build = Callable[..., Api]


@contextlib.asynccontextmanager
async def running(*tasks: "asyncio._CoroutineLike[None]") -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        started = [group.create_task(one) for one in tasks]
        yield
        for task in started:
            task.cancel()


@pytest.fixture
async def replicas(build: Build, pool: Pool, redis: Redis, stack: Stack) -> AsyncIterator[tuple[Api, Api]]:
    """Two APIs that follow the stream, and what a rollup does for the copy."""
    copy = HotCopy(redis, stream_length=10_000)
    metrics = Metrics(CollectorRegistry())
    publication = Publication(pool, copy, metrics)
    freshness = Freshness(copy, publication, metrics, lambda: None)
    one, other = build(copy=copy), build(copy=copy)
    async with one.stream.running(), other.stream.running(), running(publication.run(), freshness.run()):
        yield one, other
    stack.redis.resume()
    if not stack.redis.alive:
        stack.redis.start()


async def in_memory(api: Api, path: str) -> None:
    async def is_kept() -> bool:
        before = await api.reads("memory")
        await api.client.get(path)
        return await api.reads("memory") > before

    await eventually(is_kept)


async def test_a_document_that_is_asked_for_again_comes_from_memory(replicas: tuple[Api, Api]) -> None:
    api, other = replicas
    await api.station("S1", "CP1")
    for path in ("/v1/stations/S1", "/v1/charge-points/cp1"):
        await in_memory(api, path)
        first = await other.client.get(path)
        kept = await api.client.get(path)
        assert kept.content == first.content
        assert kept.headers.keys() == first.headers.keys()
        for name in first.headers.keys() - {"x-request-id", "plugwatch-stream-id"}:
            assert kept.headers[name] == first.headers[name]
        held = await api.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        fresh = await other.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (held.status_code, held.content) == (fresh.status_code, fresh.content) == (304, b"")
        assert held.headers.keys() == fresh.headers.keys()
        plain = await api.client.get(path, headers={"Accept-Encoding": "identity"})
        assert plain.content == first.content
        assert "Content-Encoding" not in plain.headers
        assert (await api.client.get(path, headers={"Authorization": "Bearer no"})).status_code == 401
        assert (await api.client.get(f"{path}?x=1")).status_code == 422
        assert (await api.client.get(f"{path}/")).status_code == 404


async def test_letters_that_no_id_has_are_no_others(replicas: tuple[Api, Api]) -> None:
    api, _ = replicas
    await api.station("K1")
    await in_memory(api, "/v1/stations/k1")
    assert (await api.client.get("/v1/stations/\N{KELVIN SIGN}1")).status_code == 404


async def test_what_another_replica_wrote_is_shown_within_a_moment(replicas: tuple[Api, Api]) -> None:
    api, other = replicas
    await api.station("S1")
    await in_memory(api, "/v1/stations/S1")
    await other.client.patch("/v1/stations/S1", json={"name": "new"})

    async def is_new() -> bool:
        return bool((await api.client.get("/v1/stations/S1")).json()["name"] == "new")

    await eventually(is_new, 2)
    await in_memory(api, "/v1/stations/S1")
    await other.client.delete("/v1/stations/S1")

    async def is_gone() -> bool:
        return (await api.client.get("/v1/stations/S1")).status_code == 404

    await eventually(is_gone, 2)


async def test_an_own_write_that_redis_did_not_take_is_shown(replicas: tuple[Api, Api], redis: Redis) -> None:
    api, _ = replicas
    await api.station("S1")
    await in_memory(api, "/v1/stations/S1")
    for n in range(20):
        await redis.config_set("maxmemory", "1")  # it answers, and takes nothing
        patched = await api.client.patch("/v1/stations/S1", json={"name": f"new {n}"})
        await redis.config_set("maxmemory", "0")
        assert patched.status_code == 200
        assert (await api.client.get("/v1/stations/S1")).json()["name"] == f"new {n}"


class World:
    """What was acknowledged, and what each reader was shown."""

    def __init__(self) -> None:
        self.over = False
        self.written: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
        self.reads = 0
        self.errors: list[str] = []

    @property
    def writes(self) -> int:
        return sum(map(len, self.written.values()))

    async def goes_on(self, for_s: float) -> None:
        """For so long at least, and until there was enough to see."""
        reads, writes = self.reads + 15, self.writes + 3
        await asyncio.sleep(for_s)
        await eventually(lambda: self.reads >= reads and self.writes >= writes)

    async def writer(self, api: Api, station: str) -> None:
        """Edits, moves away from, deletes and makes anew one station, and looks after each."""
        chance = random.Random(station)
        path, n = f"/v1/stations/{station}", 0
        while not self.over:
            n += 1
            what = chance.choice(["edit", "edit", "edit", "move", "delete"])
            if what == "edit":
                await self._wrote(api, path, await api.client.patch(path, json={"name": f"n{n}"}))
            elif what == "move":
                to = chance.choice([station, None])
                moved = await api.client.patch(f"/v1/charge-points/CP-{station}", json={"station_id": to})
                await self._wrote(api, f"/v1/charge-points/CP-{station}", moved)
            else:
                await api.client.patch(f"/v1/charge-points/CP-{station}", json={"station_id": None})
                if (await api.client.delete(path)).status_code == 204:
                    found = await api.client.get(path)
                    if found.status_code not in (404, 503):
                        self.errors.append(f"{path} was deleted, and is shown: {found.text}")
                await self._wrote(api, path, await api.client.post("/v1/stations", json={"id": station, "name": "x"}))

    async def _wrote(self, api: Api, path: str, answer: object) -> None:
        status, tag = answer.status_code, answer.headers.get("etag")  # type: ignore[attr-defined]
        if status >= 300:
            return
        self.written[path].append((time.monotonic(), revision_of(tag)))
        found = await api.client.get(path)
        if found.status_code == 404 or (
            found.status_code == 200 and revision_of(found.headers["etag"]) < revision_of(tag)
        ):
            self.errors.append(f"{path} was written as {tag}, and shown as {found.headers.get('etag')}")

    async def reader(self, api: Api, seed: int) -> None:
        """Sees one replica, and never an older document after a newer one."""
        chance = random.Random(seed)
        seen: defaultdict[str, int] = defaultdict(int)
        while not self.over:
            await asyncio.sleep(0)
            station = f"S{chance.randrange(STATIONS)}"
            path = chance.choice([f"/v1/stations/{station}", f"/v1/charge-points/CP-{station}"])
            known = [revision for at, revision in self.written[path] if at < time.monotonic() - LATE_S]
            found = await api.client.get(path)
            self.reads += 1
            if found.status_code != 200:
                continue
            revision = revision_of(found.headers["etag"])
            if revision < seen[path]:
                self.errors.append(f"{path} was shown with {seen[path]}, then with {revision}")
            if revision < max(known, default=0):
                self.errors.append(f"{path} has been {max(known)} for {LATE_S} s, and is shown as {revision}")
            seen[path] = revision


def revision_of(etag: str) -> int:
    return int(etag.strip('"').partition(".")[2])


async def test_nobody_sees_time_go_back_whatever_becomes_of_redis(
    replicas: tuple[Api, Api], stack: Stack, redis: Redis
) -> None:
    world = World()
    for n in range(STATIONS):
        await replicas[0].station(f"S{n}", f"CP-S{n}")
    await in_memory(replicas[0], "/v1/stations/S0")
    async with asyncio.TaskGroup() as group:
        for n in range(STATIONS):
            group.create_task(world.writer(replicas[n % 2], f"S{n}"))
        for n in range(6):
            group.create_task(world.reader(replicas[n % 2], n))
        await world.goes_on(1)
        await redis.flushall()
        await world.goes_on(1)
        stack.redis.pause()
        await world.goes_on(2)
        stack.redis.resume()
        await world.goes_on(1)
        stack.redis.kill()
        await world.goes_on(0.5)
        stack.redis.start()
        await world.goes_on(1.5)
        await redis.delete(hot.station_key("S1"), "plugwatch:changes")
        await world.goes_on(0.5)
        world.over = True
    assert not world.errors, world.errors[:5]
