"""A client of Redis that distrusts it: one that hangs, vanishes, or is no longer the writable one is noticed.

``at_once`` is a plain round trip over its connections, which costs half the CPU of the client's own: no retry, and
answers as they come, without a shape.
"""

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import NoScriptError, ReadOnlyError, ResponseError

TIMEOUT_S = 2  #: of one call; a Redis that is frozen is noticed within 3 s

Word = str | int | bytes

#: A peer that vanished is noticed by the kernel within 10 s, where it knows these options.
_KEEPALIVE = {
    getattr(socket, name): value
    for name, value in {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}.items()
    if hasattr(socket, name)
}


class _Distrustful(AbstractConnection):
    """A connection that is not used again after READONLY: its server was the writable one before a failover.

    Its close is not waited for: the pool would do that under its lock, and whoever is cancelled while it waits for that
    lock, to give a connection back, never gives it back. A hundred of those, and Redis is away until the process ends.
    """

    async def disconnect(self, nowait: bool = True, *args: Any, **kwargs: Any) -> None:
        await super().disconnect(True, *args, **kwargs)

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().read_response(*args, **kwargs)
        except ResponseError as error:
            if isinstance(error, ReadOnlyError) or "READONLY" in str(error):  # a script's own error quotes it
                self.mark_for_reconnect()  # type: ignore[no-untyped-call]
            raise


def client(url: str) -> Redis:
    """A Redis client which never retries by itself; put every command under ``asyncio.timeout``.

    The client's own ``socket_timeout`` may lose a cancellation (it is ``asyncio.wait_for``, before Python 3.12).
    """
    options = {} if url.startswith("unix:") else {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}
    pool = ConnectionPool.from_url(url, socket_timeout=None, socket_connect_timeout=2, protocol=2, **options)
    pool.connection_class = type("Connection", (_Distrustful, pool.connection_class), {})
    return Redis.from_pool(pool)


@contextlib.asynccontextmanager
async def answering(longer_s: float = 0) -> AsyncIterator[None]:
    """One call. What Redis does not answer is a RedisError, so that nobody takes it for another server's silence."""
    try:
        async with asyncio.timeout(TIMEOUT_S + longer_s):
            yield
    except OSError as error:  # TimeoutError is one
        raise NoConnection(f"Redis does not answer: {error!r}") from error


async def at_once(redis: Redis, *commands: Sequence[Word]) -> list[Any]:
    """Sends them together and reads all answers. Put it under ``asyncio.timeout``.

    Raises:
        ResponseError: the first that was answered.
        another RedisError, OSError: no answer; they may have been done.
    """
    connection = await redis.connection_pool.get_connection()  # type: ignore[no-untyped-call]
    answers: list[Any] = []
    refused: ResponseError | None = None
    try:
        await connection.send_packed_command(connection.pack_commands(commands))
        for _ in commands:
            try:
                answers.append(await connection.read_response())
            except ResponseError as error:
                refused = refused or error
    finally:  # a connection on which an answer is still to come is closed by now: it would answer somebody else
        await redis.connection_pool.release(connection)
    if refused is not None:
        raise refused
    return answers


class Script:
    """Lua that Redis knows by its digest, and is given when it does not."""

    def __init__(self, redis: Redis, text: str) -> None:
        self._redis = redis
        self._text = text
        self._digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str] = (), arguments: Sequence[Word] = ()) -> Any:
        """What it returns. May raise what ``at_once`` does."""
        return (await self.after((), keys, arguments))[-1]

    async def after(
        self, commands: Sequence[Sequence[Word]], keys: Sequence[str] = (), arguments: Sequence[Word] = ()
    ) -> list[Any]:
        """The answers to commands that come to nothing else when they are sent twice, and what it returns then."""
        given = (len(keys), *keys, *arguments)
        try:
            return await at_once(self._redis, *commands, ("EVALSHA", self._digest, *given))
        except NoScriptError:
            return await at_once(self._redis, *commands, ("EVAL", self._text, *given))
