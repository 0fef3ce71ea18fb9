"""Sends fences to gateways without holding up a batch; when Redis is away they are dropped."""

import asyncio
import logging
from collections import deque

from redis.asyncio import Redis

from shared.stores.hot import AWAY
from shared.stores.outage import Outage
from shared.words import gateways
from shared.words.gateways import Fence

log = logging.getLogger("plugwatch.rollup.fences")

WAITING = 10_000  #: fences kept at most; the oldest go first, since gateways may be past them


class Fences:
    """A bounded queue of fences in front of Redis pub/sub."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: deque[tuple[str, Fence]] = deque(maxlen=WAITING)
        self._wake = asyncio.Event()
        self._outage = Outage(log, "Redis is away: fences are dropped until it is back", "fences are sent again")

    def send(self, gateway_id: str, one: Fence) -> None:
        """Queues a fence for a gateway."""
        self._waiting.append((gateway_id, one))
        self._wake.set()

    async def run(self) -> None:
        """Sends until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                gateway_id, one = self._waiting.popleft()
                try:
                    async with asyncio.timeout(2):
                        await self._redis.publish(gateways.channel(gateway_id), gateways.encode(one))
                    self._outage.ended()
                except AWAY as error:
                    self._outage.began(error)
                    self._waiting.clear()
