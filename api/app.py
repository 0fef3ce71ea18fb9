"""The FastAPI application, made of collaborators that exist already; it opens and closes nothing."""

import time
from collections.abc import Callable
from typing import Literal

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api import errors, openapi
from api.access import Access
from api.database import Database
from api.deps import Collaborators
from api.documents import Documents
from api.edge import Edge
from api.hot_reads import HotReads
from api.inventory import Inventory
from api.metrics import Metrics
from api.queries import Queries
from api.readiness import Readiness
from api.routes import charge_points, stations, stats
from api.stats import Stats
from api.writing import Writing
from shared import admin
from shared.hot import HotCopy
from shared.postgres import Pool

_DESCRIPTION = """
The state of every plug: which connectors are free, broken, or not even there, and since when.
Errors are RFC 9457 problem documents; `detail` says what to do next. Ids of charge points match case-insensitively.
"""


def create(
    pool: Pool,
    copy: HotCopy,
    access: Access,
    readiness: Readiness,
    *,
    mode: Literal["all", "read"] = "all",
    now: Callable[[], int],
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The application; with ``mode`` "read" it has no route that writes.

    ``now`` gives ms since the epoch, ``clock`` monotonic seconds.
    """
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    database = Database(pool)
    app = FastAPI(title="Plugwatch", version="1", description=_DESCRIPTION, redoc_url=None, redirect_slashes=False)
    app.state.collaborators = Collaborators(
        documents=Documents(HotReads(copy, clock), database, metrics),
        inventory=Inventory(Writing(database, copy, metrics, now)),
        queries=Queries(database),
        stats=Stats(database, clock),
    )
    app.router.routes.extend(admin.routes(readiness, registry, access.metrics))
    for router in (stations.reads, charge_points.reads, stats.reads):
        app.include_router(router)
    if mode == "all":
        for router in (stations.writes, charge_points.writes):
            app.include_router(router)
    errors.install(app)
    openapi.install(app)
    app.add_middleware(Edge, access=access, metrics=metrics)
    return app
