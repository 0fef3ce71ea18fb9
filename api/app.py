"""The FastAPI application, made of collaborators that exist already; it opens and closes nothing."""

import time
from collections.abc import Callable, Collection, Sequence
from typing import Literal

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from api.bulk.importing import Bulk
from api.commands.availability import Availability
from api.commands.commands import Commands
from api.commands.gateway_calls import Asking
from api.commands.trace import Tracing
from api.database import Database
from api.deps import Collaborators
from api.history.lines import History
from api.history.series import Series
from api.history.stats import Stats
from api.http.access import Access
from api.http.metrics import Metrics
from api.http.middleware import Edge
from api.http.query import Query
from api.http.rate_limit import RateLimit
from api.inbox.knocks import Inbox
from api.inventory.inventory import Inventory
from api.inventory.trail import Audit
from api.inventory.writing import Writing
from api.live.stream import Stream
from api.readiness import Readiness
from api.stations.documents import Documents
from api.stations.hot_reads import HotReads
from api.stations.lists import Queries
from shared.credentials.wrong_tokens import WrongTokens
from shared.http.origin import Network
from shared.process import admin
from shared.stores.hot import HotCopy
from shared.stores.postgres import Pool

from .audit import routes as audit
from .bulk import routes as bulk
from .commands import availability_routes as availability
from .commands import command_routes as commands
from .commands import trace_routes as trace
from .history import history_routes as history
from .history import stats_routes as stats
from .http import openapi
from .http import problems as errors
from .inbox import routes as inbox
from .live import routes as stream
from .stations import charge_point_routes as charge_points
from .stations import station_routes as stations

_DESCRIPTION = """
The state of every plug: which connectors are free, broken, or not even there, and since when.
Errors are RFC 9457 problem documents; `detail` says what to do next. Ids of charge points match case-insensitively.
"""
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SENT = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "Last-Event-ID", "X-Request-ID")
_EXPOSED = ("Age", "ETag", "Link", "Location", "Retry-After", "WWW-Authenticate", "X-Request-ID")


def create(
    pool: Pool,
    copy: HotCopy,
    access: Access,
    readiness: Readiness,
    *,
    asking: Asking,
    mode: Literal["all", "read"] = "all",
    now: Callable[[], int],
    clock: Callable[[], float] = time.monotonic,
    cors_origins: Sequence[str] = (),
    requests_per_minute: int = 0,
    wrong_tokens_per_minute: int = 60,
    trusted_proxies: Collection[Network] = (),
) -> FastAPI:
    """The application; with ``mode`` "read" it has no route that writes.

    ``now`` gives ms since the epoch, ``clock`` monotonic seconds. ``cors_origins`` are the pages of other
    origins that browsers let read the answers, ``requests_per_minute`` what a token may ask (0: anything),
    ``wrong_tokens_per_minute`` how many an address may guess (0: any number), the one that ``trusted_proxies`` name.
    """
    registry = admin.metrics_registry()
    metrics = Metrics(registry)
    database = Database(pool)
    writing = Writing(database, copy, metrics, now)
    inventory = Inventory(writing)
    app = FastAPI(title="Plugwatch", version="1", description=_DESCRIPTION, redoc_url=None, redirect_slashes=False)
    app.state.collaborators = Collaborators(
        documents=Documents(HotReads(copy, clock), database, metrics, clock),
        inventory=inventory,
        queries=Queries(database),
        stats=Stats(database, clock),
        history=History(database),
        series=Series(database, now),
        availability=Availability(writing, database, clock),
        commands=Commands(database, asking),
        inbox=Inbox(database, writing, inventory),
        audit=Audit(database),
        bulk=Bulk(writing, database),
        stream=Stream(copy, metrics),
        tracing=Tracing(database, copy.redis),
    )
    app.router.routes.extend(admin.routes(readiness, registry, access.metrics, trusted_proxies))
    for one in (stations, charge_points, history, stats, stream, trace, inbox, audit, bulk):
        app.include_router(one.reads)
    if mode == "all":
        for one in (stations, charge_points, availability, commands, trace, inbox, bulk):
            app.include_router(one.writes)
    errors.install(app)
    openapi.install(app)
    app.add_middleware(
        Edge,
        access=access,
        limit=RateLimit(requests_per_minute),
        wrong_tokens=WrongTokens(wrong_tokens_per_minute, clock),
        trusted_proxies=trusted_proxies,
        query=Query(app.openapi),
        metrics=metrics,
        clock=clock,
    )
    if cors_origins:  # outside of the edge: a preflight has no token, and refusals must be readable, too
        app.add_middleware(
            CORSMiddleware,
            allow_origins=cors_origins,
            allow_methods=_METHODS,
            allow_headers=_SENT,
            expose_headers=_EXPOSED,
        )
    return app
