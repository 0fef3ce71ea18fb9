"""The FastAPI application, made of collaborators that exist already; it opens and closes nothing."""

import time
from collections.abc import Callable, Collection, Sequence
from typing import Literal

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from api import errors, openapi
from api.access import Access
from api.asking import Asking
from api.audit import Audit
from api.availability import Availability
from api.bulk import Bulk
from api.commands import Commands
from api.database import Database
from api.deps import Collaborators
from api.documents import Documents
from api.edge import Edge
from api.history import History
from api.hot_reads import HotReads
from api.inbox import Inbox
from api.inventory import Inventory
from api.metrics import Metrics
from api.queries import Queries
from api.query import Query
from api.rate_limit import RateLimit
from api.readiness import Readiness
from api.routes import (
    audit,
    availability,
    bulk,
    charge_points,
    commands,
    history,
    inbox,
    stations,
    stats,
    stream,
    trace,
)
from api.series import Series
from api.stats import Stats
from api.stream import Stream
from api.tracing import Tracing
from api.writing import Writing
from shared.credentials.wrong_tokens import WrongTokens
from shared.http.origin import Network
from shared.process import admin
from shared.stores.hot import HotCopy
from shared.stores.postgres import Pool

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
