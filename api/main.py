"""The composition root of the API: settings, clock, signals and clients live here and are closed here."""

import asyncio
import contextlib
import gc
import logging
import signal
import time

import uvloop

from api import app
from api.commands.gateway_calls import listening
from api.http.access import Access
from api.live.stream import Stream
from api.metrics import Metrics
from api.readiness import Readiness
from shared.http.connection import Limits
from shared.http.server import serving
from shared.process import admin, logs, settings
from shared.process.settings import Settings
from shared.stores import postgres, redis_client
from shared.stores.hot import HotCopy

STOPPING_S = 1  #: between /readyz turning 503 and the last new connection

log = logging.getLogger("plugwatch.api")


def main() -> None:
    """Serves until SIGTERM or SIGINT, then finishes what it has begun."""
    given = settings.load()
    logs.configure("api", given.log_level, given.log_format)
    admin.raise_file_limit()
    uvloop.run(serve(given))


async def serve(given: Settings) -> None:
    """The whole life of the process."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log.info("settings in force", extra=given.shown())
    async with contextlib.AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            postgres.pool(
                given.database_url.get_secret_value(),
                size=given.database_pool_size,
                name="plugwatch-api",
                read_only=given.api_mode == "read",
            )
        )
        redis = await stack.enter_async_context(redis_client.client(given.redis_url.get_secret_value()))
        copy = HotCopy(redis, stream_length=given.stream_length, stream_bytes=given.stream_bytes)
        readiness = Readiness(copy, pool)
        access = Access(read=given.read_token, admin=given.admin_token, metrics=given.metrics_token)
        if not (given.read_token or given.admin_token):
            log.warning("no token is set, so /v1 is closed: set PLUGWATCH_READ_TOKEN and PLUGWATCH_ADMIN_TOKEN")
        metrics = Metrics(admin.metrics_registry())
        stream = Stream(copy, metrics)
        application = app.create(
            pool,
            copy,
            access,
            readiness,
            stream,
            metrics,
            calls=await stack.enter_async_context(listening(redis)),
            command_timeout_s=given.command_timeout_s,
            mode=given.api_mode,
            cors_origins=given.cors_origins,
            requests_per_minute=given.rate_limit_per_minute,
            wrong_tokens_per_minute=given.wrong_tokens_per_minute,
            trusted_proxies=given.trusted_proxies,
            access_log=given.access_log,
            board=given.board,
            board_stations=given.board_stations,
            tiles_url=given.tiles_url,
            gateway_port=given.gateway_port,
            chargers_url=given.chargers_url,
            public_status=given.public_status,
            public_status_per_minute=given.public_status_per_minute,
            now=lambda: time.time_ns() // 1_000_000,
        )
        application.openapi()  # a fifth of a second, which the first request that is checked by it would wait for
        await stack.enter_async_context(stream.running())
        port = await stack.enter_async_context(
            serving(application, given.host, given.api_port, Limits(connections=given.max_connections))
        )
        gc.freeze()  # what is built by now stays: the collector need not look at it again
        log.info("serving", extra={"port": port})
        await stop.wait()
        log.info("stopping: not ready any more, then finishing the requests under way")
        readiness.draining = True
        await asyncio.sleep(STOPPING_S)
        stream.stop()
