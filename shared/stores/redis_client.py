"""A client of Redis that distrusts it: one that hangs, vanishes, or is no longer the writable one is noticed."""

import socket
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ReadOnlyError, ResponseError

#: A peer that vanished is noticed by the kernel within 10 s, where it knows these options.
_KEEPALIVE = {
    getattr(socket, name): value
    for name, value in {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}.items()
    if hasattr(socket, name)
}


class _Distrustful(AbstractConnection):
    """A connection that is not used again after READONLY: its server was the writable one before a failover."""

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
