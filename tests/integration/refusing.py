"""A Redis that answers and refuses every write, in each of the ways it has."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import ResponseError

REFUSALS = ("OOM", "READONLY", "MISCONF", "NOPERM")  #: NOREPLICAS does not stop the scripts of Redis 6


@contextlib.asynccontextmanager
async def refusing(redis: Redis, how: str) -> AsyncIterator[None]:
    """While the block runs."""
    directory, name = [(await redis.config_get(option))[option] or "" for option in ("dir", "dbfilename")]
    saved = Path(directory, name)
    match how:
        case "OOM":
            await redis.config_set("maxmemory", 1)
        case "READONLY":
            await redis.replicaof("127.0.0.1", "1")
        case "NOPERM":  # SET is still allowed: who only tries that sees nothing
            await redis.acl_setuser("default", enabled=True, commands=["-hset"])
        case _:
            (saved / "in the way").mkdir(parents=True)  # a snapshot cannot be put in its place
            await redis.config_set("save", "3600 1000000")
            await redis.bgsave()
    try:
        deadline = time.monotonic() + 10
        while not await _refuses(redis):
            assert time.monotonic() < deadline, f"{how} was not to be had"
            await asyncio.sleep(0.02)
        yield
    finally:
        await redis.config_set("maxmemory", 0)
        await redis.config_set("save", "")
        await redis.replicaof("NO", "ONE")
        await redis.acl_setuser("default", enabled=True, commands=["+@all"])
        shutil.rmtree(saved, ignore_errors=True)


async def _refuses(redis: Redis) -> bool:
    try:
        await redis.hset("refusing", "it", "")
        await redis.delete("refusing")
    except ResponseError:  # from one moment to the next: of either
        return True
    return False
