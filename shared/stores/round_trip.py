"""Commands to Redis in one round trip, their answers as they come: the client's own way costs it twice the CPU.

No retry, and no shape: what the client makes of answers (dicts, for one) is not made here.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, ResponseError

Word = str | int | bytes


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
    except BaseException:
        await connection.disconnect(nowait=True)  # what is still to come would answer somebody else
        raise
    finally:
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
