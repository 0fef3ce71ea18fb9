"""An HTTP server that outlives its clients: uvicorn with deadlines and bounds, for the API and every admin port.

Closed are, by `Limits`: who connects and is silent, whose head or body does not come, who reads nothing for a minute.
They are told in the log, but for who was answered and asked nothing more: clients keep their connections.
"""

import asyncio
import contextlib
import functools
import logging
import resource
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from .connection import Connection, Limits, State

TCP_USER_TIMEOUT_MS = 60_000
_TICK_S = 1  #: uvicorn has ten, to see that it is to end: ``stop`` does without
_TOLD_EVERY = 60  #: ticks

log = logging.getLogger("plugwatch.http")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the composition root owns the signals."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state: State = State()
        self.accepting = asyncio.Event()
        self._stopping = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()

    async def main_loop(self) -> None:
        """Once a second until it is to end: the Date of answers, and those whose client lets us wait."""
        ticks = 0
        while not await self.on_tick(0):
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.close_if_overdue(now)
            if ticks % _TOLD_EVERY == 0:
                self._tell()
            ticks += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._stopping.wait()

    def stop(self) -> None:
        """Has it end now."""
        self.should_exit = True
        self._stopping.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._tell()
        await super().shutdown(sockets)

    def _tell(self) -> None:
        if closed := self.server_state.closed:
            told = ", ".join(f"{count} {reason}" for reason, count in closed.items())
            log.warning("HTTP connections were closed: see who connects to this port", extra={"closed": told})
            closed.clear()

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int, limits: Limits | None = None) -> AsyncIterator[int]:
    """Serves ``app`` while the block runs, which begins when connections are accepted.

    Gives the port, which matters when 0 was asked for.

    Raises:
        SystemExit: the port is taken.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=functools.partial(Connection, limits=_within_files(limits or Limits())),  # type: ignore[arg-type]
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # who is believed is for us to say
        lifespan="off",
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    listener = config.bind_socket()
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # accepted sockets inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_MS)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(sockets=[listener]), name="http")
        try:
            await server.accepting.wait()
            yield listener.getsockname()[1]
        finally:
            server.stop()


def _within_files(limits: Limits) -> Limits:
    """Files must be left for what the process itself opens: a server that cannot accept is deaf."""
    open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return limits.of(connections=min(limits.connections, open_files // 2))
