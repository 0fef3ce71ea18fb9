"""What other processes tell this gateway: fences, and commands for the chargers it holds.

Heard over Redis pub/sub. Every command gets exactly one answer, on the channel it names, even if
that is only that the charger is not here.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import msgspec
from redis.asyncio import Redis

from shared.stores import hearing
from shared.stores.hot import AWAY
from shared.stores.outage import Outage
from shared.words import gateways
from shared.words.gateways import Ask, Fence, Told

log = logging.getLogger("plugwatch.gateway.channel")

AT_ONCE = 1_000  #: commands under way at most; more are answered ``busy``
SENT_WITHIN_S = 5  #: what says no time of its own
PAUSE_S = 0.5  #: between two tries to subscribe
TALKS_AT_ONCE = 8  #: the client has a bounded number of connections, and raises beyond it


class Channel:
    """One gateway's ear."""

    def __init__(self, redis: Redis, *, gateway_id: str) -> None:
        self._redis = redis
        self._id = gateway_id
        self._under_way = 0
        self._talking = asyncio.Semaphore(TALKS_AT_ONCE)
        self._outage = Outage(
            log,
            "Redis is away: commands and fences of others are not heard until it is back",
            "Redis is back: commands and fences are heard again",
        )

    async def run(self, on_fence: Callable[[Fence], None], on_ask: Callable[[Ask, float], Awaitable[Told]]) -> None:
        """Hears until cancelled."""
        async with asyncio.TaskGroup() as group:

            def heard(message: bytes) -> None:
                try:
                    told = gateways.decode(message)
                except msgspec.DecodeError as error:
                    log.warning("a message that cannot be read was ignored", extra={"error": str(error)})
                    return
                match told:
                    case Fence() as fence:
                        on_fence(fence)
                    case Ask() as ask:
                        group.create_task(self._answer(ask, on_ask))

            while True:
                try:
                    await hearing.listen(self._redis, gateways.channel(self._id), heard, self._outage.ended)
                except AWAY as error:
                    self._outage.began(error)
                await asyncio.sleep(PAUSE_S)

    async def _answer(self, ask: Ask, on_ask: Callable[[Ask, float], Awaitable[Told]]) -> None:
        self._under_way += 1
        try:
            told = await self._told(ask, on_ask)
            async with asyncio.timeout(2), self._talking:
                await self._redis.publish(ask.reply_to, gateways.encode(told))
        except AWAY as error:
            log.warning("an answer was lost: Redis is away", extra={"error": repr(error)})
        finally:
            self._under_way -= 1

    async def _told(self, ask: Ask, on_ask: Callable[[Ask, float], Awaitable[Told]]) -> Told:
        if self._under_way > AT_ONCE:
            return Told(ask.id, error="busy", detail=f"{AT_ONCE} commands are under way at this gateway")
        try:
            within_s = await self._left_s(ask.expires_at)
        except AWAY:
            return Told(ask.id, error="busy", detail="Redis does not say what time it is")
        if within_s <= 0:  # it lay in a queue: whoever asked has gone
            return Told(ask.id, error="busy", detail="it was heard too late")
        return await on_ask(ask, within_s)

    async def _left_s(self, expires_at: int | None) -> float:
        if expires_at is None:
            return SENT_WITHIN_S
        async with asyncio.timeout(2), self._talking:
            asked_at = time.monotonic()
            seconds, micros = await self._redis.time()
            took_s = time.monotonic() - asked_at  # it may be that old, as when this process was stopped meanwhile
        return expires_at / 1000 - seconds - micros / 1_000_000 - took_s
