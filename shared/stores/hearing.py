"""Connections that only listen must hear what we say to ourselves: one that fell silent is noticed.

A peer that vanished behind a router, or a frozen server, sends nothing and closes nothing; to a listener that looks
like peace. ``Proof`` is the rule, without I/O; ``listen`` is a Redis subscription under it.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Never

from redis.asyncio import Redis

PROOF_S = 10  #: how often a connection proves that it hears
WITHIN_S = 3  #: the word must have come back by then, and so long a subscription may take
_CONFIRMED_S = 1.0  #: the subscription comes first, or our word is nobody's
_WORD = "hearing:"


class Deaf(TimeoutError):
    """A connection did not hear what was said to it: what others said may be lost, too."""


class Proof:
    """When a word is due, and whether it was heard. ``now`` is monotonic (s)."""

    def __init__(self, now: float) -> None:
        self._next = now  # at once: a connection that never worked is noticed, too
        self._word: str | None = None
        self.is_given = False  #: whether a word was heard ever

    def due(self, now: float) -> str | None:
        """A word that must be said to ourselves now, or None.

        Raises:
            Deaf: the last one was not heard in time.
        """
        if now < self._next:
            return None
        if self._word is not None:
            raise Deaf(f"nothing was heard for {PROOF_S + WITHIN_S} s, not even our own word: the connection is dead")
        self._next, self._word = now + WITHIN_S, _WORD + secrets.token_hex(8)
        return self._word

    def due_in(self, now: float) -> float:
        """So soon (s) a word is due, or must have been heard."""
        return max(0.0, self._next - now)

    def hears(self, message: str, now: float) -> bool:
        """Whether the message is such a word, and not for anybody else."""
        if self._word is not None and message == self._word:
            self._next, self._word, self.is_given = now + PROOF_S, None, True
        return message.startswith(_WORD)


async def listen(
    redis: Redis,
    channel: str,
    heard: Callable[[bytes], None],
    subscribed: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> Never:
    """Subscribes to the channel and hands over every message, until cancelled or the connection is lost.

    ``subscribed`` is called once it is proven to hear: to be let listen and not speak is no use.

    Raises:
        one of ``hot.AWAY``, ``Deaf`` among them: subscribe again; what was said meanwhile is lost.
    """
    async with redis.pubsub() as subscription:
        async with asyncio.timeout(WITHIN_S):
            await subscription.subscribe(channel)
        proof = Proof(clock())
        while True:
            wait_s = proof.due_in(clock()) or _CONFIRMED_S
            message = await subscription.get_message(ignore_subscribe_messages=True, timeout=wait_s)
            if message is not None:
                was_given = proof.is_given
                if not proof.hears(message["data"].decode(errors="replace"), clock()):
                    heard(message["data"])
                elif proof.is_given and not was_given:
                    subscribed()
            if (word := proof.due(clock())) is not None:
                async with asyncio.timeout(WITHIN_S):
                    await redis.publish(channel, word)
