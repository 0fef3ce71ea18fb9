"""Session epochs: one Lua call in Redis orders the sessions of a charge point over all gateways.

The epoch is ``max(stored + 1, now in ms, floor + 1)``, the floor being what the registry and rollups
know, so that a wrong clock or a wiped Redis heals. With Redis away the floor and the clock decide.
"""

import asyncio
import logging
from typing import cast

from redis.asyncio import Redis

from shared.stores.hot import AWAY
from shared.stores.lua import OURS
from shared.stores.outage import Outage
from shared.stores.redis_client import Script
from shared.words import gateways
from shared.words.gateways import Fence

log = logging.getLogger("plugwatch.gateway.claims")

CLAIM_TIMEOUT_S = 1.0
AT_ONCE = 32  #: the client has a bounded number of connections, and raises beyond it
KEPT_S = 7 * 24 * 3600

_CLAIM = f"""{OURS}
local stored = ours('HMGET', KEYS[1], 'epoch', 'gateway')
local epoch = math.max((tonumber(stored[1]) or 0) + 1, tonumber(ARGV[1]), tonumber(ARGV[2]) + 1)
redis.call('HSET', KEYS[1], 'epoch', string.format('%d', epoch), 'gateway', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {{string.format('%d', epoch), stored[2] or ''}}
"""


class Claims:
    """Claims epochs for one gateway."""

    def __init__(self, redis: Redis, *, gateway_id: str, timeout_s: float = CLAIM_TIMEOUT_S) -> None:
        self._redis = redis
        self._id = gateway_id
        self._timeout_s = timeout_s
        self._script = Script(redis, _CLAIM)
        self._claiming = asyncio.Semaphore(AT_ONCE)
        self._outage = Outage(
            log,
            "Redis is away, or takes no writes: the epochs of sessions come from the clock",
            "Redis is back: the epochs of sessions come from it again",
        )

    async def claim(self, charge_point_key: int, now: int, floor: int) -> int:
        """A newer epoch than every one before; tells the gateway that held the charger.

        ``now`` is the clock (ms), ``floor`` the newest epoch known otherwise.
        """
        epoch = max(now, floor + 1)
        try:
            async with asyncio.timeout(self._timeout_s), self._claiming:
                key = f"plugwatch:session:{charge_point_key}"
                stored, holder = cast("list[bytes]", await self._script([key], [now, floor, self._id, KEPT_S]))
                epoch = int(stored)
                self._outage.ended()
                if holder and holder.decode() != self._id:
                    await self._redis.publish(
                        gateways.channel(holder.decode()),
                        gateways.encode(Fence(charge_point_key, below=epoch, newest=epoch)),
                    )
        except AWAY as error:  # what was claimed before the fence was lost is kept
            self._outage.began(error)
        return epoch
