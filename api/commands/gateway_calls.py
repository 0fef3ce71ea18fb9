"""GatewayCalls gateways over Redis pub/sub: one subscription a process hears the answers to all that was asked.

A gateway answers each question once, on our channel. An answer that nobody waits for any more is
dropped, and a lost subscription fails those who wait: their answers may have been lost with it.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator

import msgspec
from redis.asyncio import Redis

from api.http.problems import Unavailable
from shared.stores import hearing
from shared.stores.hot import AWAY
from shared.stores.outage import Outage
from shared.words import gateways
from shared.words.gateways import Ask, Asked, Told

SUBSCRIBED_WITHIN_S = 1
PUBLISHED_WITHIN_S = 2
PUBLISHED_AT_ONCE = 8  #: the client has a bounded number of connections, and raises beyond it
PAUSE_S = 0.5  #: between two tries to subscribe

log = logging.getLogger("plugwatch.api.gateway_calls")


class NobodyThere(Exception):
    """No gateway listens under this id."""


class Lost(Unavailable):
    """Redis went away when the charger was asked, or after. It may do it: look before trying again."""

    name = "answer-lost"
    may_be_done = True
    example = "Redis went away before the answer came: the charger may do it; look before trying again"


class GatewayCalls:
    """Questions under way, by their ids."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._channel = f"plugwatch:api:{secrets.token_hex(8)}"
        self._waiting: dict[str, asyncio.Future[Told]] = {}
        self._subscribed = asyncio.Event()
        self._publishing = asyncio.Semaphore(PUBLISHED_AT_ONCE)
        self._outage = Outage(
            log,
            "gateways cannot be asked: Redis is away; commands get 503 until it is back",
            "gateways can be asked again: Redis is back",
        )

    @property
    def under_way(self) -> int:
        """How many wait for an answer."""
        return len(self._waiting)

    async def ask(
        self,
        gateway_id: str,
        charge_point_key: int,
        what: Asked,
        *,
        argument: str = "",
        evse_id: int | None = None,
        connector_id: int | None = None,
        timeout_s: float,
        sent_within_s: float = 5,
    ) -> Told:
        """Asks the gateway and waits for what it tells; what it cannot send within that time it never will.

        Raises:
            NobodyThere: nobody heard the question.
            TimeoutError: it was heard, but there is no answer yet.
            Unavailable: Redis is away; ``Lost``: the charger may have been asked.
        """
        id_ = secrets.token_hex(16)
        question = Ask(id_, self._channel, charge_point_key, what, argument, evse_id, connector_id)
        answer: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._waiting[id_] = answer
        try:
            await self._put(gateways.channel(gateway_id), question, sent_within_s)
            async with asyncio.timeout(timeout_s):
                return await answer
        finally:
            del self._waiting[id_]
            answer.cancel()

    async def _put(self, channel: str, question: Ask, sent_within_s: float) -> None:
        is_put = False  #: Redis may have handed it on, whatever becomes of its own answer
        try:
            async with asyncio.timeout(SUBSCRIBED_WITHIN_S):
                await self._subscribed.wait()
            async with asyncio.timeout(PUBLISHED_WITHIN_S), self._publishing:
                seconds, micros = await self._redis.time()
                expires_at = int((seconds + sent_within_s) * 1000 + micros / 1000)
                question = msgspec.structs.replace(question, expires_at=expires_at)
                is_put = True
                listeners = await self._redis.publish(channel, gateways.encode(question))
        except AWAY as error:
            if is_put:
                raise _lost() from error
            raise Unavailable(
                "Redis does not answer, so no gateway can be asked: try again in a moment", headers={"Retry-After": "1"}
            ) from error
        if not listeners:
            raise NobodyThere

    async def run(self) -> None:
        """Hears answers until cancelled."""
        while True:
            try:
                await hearing.listen(self._redis, self._channel, self._heard, self._can_hear)
            except AWAY as error:
                self._outage.began(error)
            finally:
                self._lost()
            await asyncio.sleep(PAUSE_S)

    def _can_hear(self) -> None:
        self._outage.ended()
        self._subscribed.set()

    def _heard(self, message: bytes) -> None:
        try:
            told = gateways.decode_told(message)
        except msgspec.DecodeError as error:
            log.warning("an answer that cannot be read was ignored", extra={"error": str(error)})
            return
        answer = self._waiting.get(told.id)
        if answer is not None and not answer.done():
            answer.set_result(told)

    def _lost(self) -> None:
        self._subscribed.clear()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(_lost())
                answer.exception()  # who waits gets it; one still about to publish need not


def _lost() -> Lost:
    return Lost(
        "Redis went away while the charger was asked: it may have done it; look before trying again",
        headers={"Retry-After": "1"},
    )


@contextlib.asynccontextmanager
async def listening(redis: Redis) -> AsyncIterator[GatewayCalls]:
    """Can ask while the block runs."""
    calls = GatewayCalls(redis)
    async with asyncio.TaskGroup() as group:
        ear = group.create_task(calls.run(), name="gateway calls")
        try:
            yield calls
        finally:
            ear.cancel()
