"""The kinds of fault: what each does to the site, for how long, and whether state may be old meanwhile.

A fault returns when the harm is undone and the part is ready again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import NamedTuple

import asyncpg
from redis.asyncio import Redis

from tests.faults import hostile
from tests.faults.site import LEASE_S, SESSION_S, Site

Harm = Callable[[Site, Random], Awaitable[None]]
NOWHERE = ("127.0.0.1", "1")  #: a master that no replica reaches


class Kind(NamedTuple):
    """``excuses_s``: for so long after it no newer state can be expected either; None: state stays fresh always."""

    harm: Harm
    excuses_s: float | None


def killed(*names: str) -> Harm:
    """``kill -9`` of one of them, and a fresh start."""

    async def harm(site: Site, rng: Random) -> None:
        name = rng.choice(names)
        await site.kill(name)
        await asyncio.sleep(rng.uniform(0, 3))
        await site.spawn(name)

    return harm


def frozen(*names: str, s: tuple[float, float] = (1, 8)) -> Harm:
    """SIGSTOP of one of them for a while."""

    async def harm(site: Site, rng: Random) -> None:
        process = site.processes[rng.choice(names)]
        process.pause()
        try:
            await asyncio.sleep(rng.uniform(*s))
        finally:
            process.resume()

    return harm


async def restarted(site: Site, rng: Random) -> None:
    """SIGTERM of one of our programs, which must end cleanly, and a fresh start: a roll-out, and a rebalance."""
    name = rng.choice(list(site.services))
    await site.stop(name)
    await site.spawn(name)


async def power_cut(site: Site, rng: Random) -> None:
    """Everything of ours and every server ends at once, and comes back in the order of a boot."""
    await asyncio.gather(*(site.kill(name) for name in site.processes))
    await asyncio.sleep(rng.uniform(0, 5))
    for name in site.stack.processes:
        await site.spawn(name)
    await asyncio.gather(*(site.spawn(name) for name in site.services))


async def rebalance(site: Site, rng: Random) -> None:
    """Both rollups end, a second apart, and come back: the partitions move under load."""
    for name in rng.sample(("rollup-1", "rollup-2"), 2):
        await site.stop(name)
        await asyncio.sleep(rng.uniform(0, 1))
        await site.spawn(name)


async def redis_flushed(site: Site, _rng: Random) -> None:
    """FLUSHALL."""
    async with Redis.from_url(site.stack.redis_url) as redis:
        await redis.flushall()


async def redis_full(site: Site, rng: Random) -> None:
    """No write is taken: OOM."""
    async with Redis.from_url(site.stack.redis_url) as redis:
        await redis.config_set("maxmemory", "1mb")
        await asyncio.sleep(rng.uniform(3, 10))
        await redis.config_set("maxmemory", "0")


async def redis_read_only(site: Site, rng: Random) -> None:
    """A replica of nobody: READONLY, as after a failover; coming back it is a master again."""
    async with Redis.from_url(site.stack.redis_url) as redis:
        await redis.config_set("replica-serve-stale-data", "yes")
        await redis.replicaof(*NOWHERE)
        await asyncio.sleep(rng.uniform(3, 10))
        await redis.replicaof("NO", "ONE")


async def postgres_read_only(site: Site, rng: Random) -> None:
    """Every transaction is read-only, as on a standby."""
    database = await asyncpg.connect(site.stack.database_url)
    try:
        await database.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await database.execute("SELECT pg_reload_conf()")
        await asyncio.sleep(rng.uniform(3, 8))
        await database.execute("SET default_transaction_read_only = off")
        await database.execute("ALTER SYSTEM RESET default_transaction_read_only")
        await database.execute("SELECT pg_reload_conf()")
    finally:
        await database.close()


async def postgres_cut(site: Site, rng: Random) -> None:
    """The rollups' connections are reset again and again, in the middle of whatever they do."""
    for _ in range(rng.randint(5, 15)):
        site.wires["rollup-postgres"].cut()
        await asyncio.sleep(rng.uniform(0.05, 0.5))


async def backends_terminated(site: Site, _rng: Random) -> None:
    """An administrator ends every connection (57P01)."""
    database = await asyncpg.connect(site.stack.database_url)
    try:
        await database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name LIKE 'plugwatch%' AND pid <> pg_backend_pid()"
        )
    finally:
        await database.close()


async def listeners_half_open(site: Site, rng: Random) -> None:
    """What listens to Redis and to Postgres now hears nothing more, and nobody tells it."""
    site.wires["listen-redis"].silence()
    site.wires["listen-postgres"].silence()
    await asyncio.sleep(rng.uniform(1, 5))


SETTLES_S = 2.0 * SESSION_S + 5  #: a killed rollup's partitions go to the other after its session
KINDS: Mapping[str, Kind] = {
    "kill -9 a gateway": Kind(killed("gateway-1", "gateway-2"), 5),
    "kill -9 a rollup": Kind(killed("rollup-1", "rollup-2"), SETTLES_S),
    "kill -9 the API": Kind(killed("api"), 1),
    "kill -9 Postgres": Kind(killed("postgres"), 10),
    "kill -9 Redis": Kind(killed("redis"), None),
    "kill -9 the broker": Kind(killed("broker"), SETTLES_S),
    "SIGSTOP a gateway": Kind(frozen("gateway-1", "gateway-2"), 5),
    "SIGSTOP a gateway past its lease": Kind(frozen("gateway-1", "gateway-2", s=(LEASE_S + 5, LEASE_S + 12)), 5),
    "SIGSTOP a rollup": Kind(frozen("rollup-1", "rollup-2"), SETTLES_S),
    "SIGSTOP a rollup past its session": Kind(
        frozen("rollup-1", "rollup-2", s=(SESSION_S + 2, SESSION_S + 8)), SETTLES_S
    ),
    "SIGSTOP the API": Kind(frozen("api"), 1),
    "SIGSTOP Postgres": Kind(frozen("postgres"), 10),
    "SIGSTOP Redis": Kind(frozen("redis"), None),
    "the broker paused for 30 s": Kind(frozen("broker", s=(30, 30)), SETTLES_S),
    "SIGTERM and a fresh start": Kind(restarted, SETTLES_S),
    "both rollups rebalance": Kind(rebalance, SETTLES_S),
    "power cut of everything": Kind(power_cut, SETTLES_S),
    "FLUSHALL": Kind(redis_flushed, None),
    "Redis full": Kind(redis_full, None),
    "Redis read-only": Kind(redis_read_only, None),
    "Postgres read-only": Kind(postgres_read_only, 10),
    "Postgres' wire cut mid-transaction": Kind(postgres_cut, 10),
    "Postgres ends every connection": Kind(backends_terminated, 10),
    "listeners half open": Kind(listeners_half_open, None),
    "poison on the topic": Kind(hostile.poison, None),
    "hostile frames of a second fleet": Kind(hostile.frames, None),
    "a flood of pings and Heartbeats": Kind(hostile.flood, None),
    "handshakes that never end, wrong passwords": Kind(hostile.handshakes, None),
}
