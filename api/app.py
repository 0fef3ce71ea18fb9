"""The FastAPI application: the rooms, and what is common to all; it opens and closes nothing."""

import time
from collections.abc import Callable, Collection, Sequence
from typing import Literal

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from api.audit import routes as audit
from api.audit.entries import Audit
from api.board import routes as board_routes
from api.board.clusters import Clusters
from api.board.codes import Codes
from api.board.files import Files, Told
from api.board.page_routes import pages
from api.board.snapshot import MOST, Snapshot
from api.bulk import routes as bulk
from api.bulk.importing import Bulk
from api.commands import availability_routes, command_routes, trace_routes
from api.commands.availability import Availability
from api.commands.commands import Commands
from api.commands.gateway_calls import GatewayCalls
from api.commands.trace import Tracing
from api.database import Database
from api.hardware import routes as hardware_routes
from api.hardware.hardware import Hardware
from api.history import history_routes, stats_routes
from api.history.counts import Counts
from api.history.lines import History
from api.history.network import NetworkHistory
from api.history.series import Series
from api.history.stats import Stats
from api.http.access import Access
from api.http.at_once import AtOnce
from api.http.middleware import Middleware
from api.http.query import Query
from api.http.rate_limit import RateLimit
from api.inbox import routes as inbox
from api.inbox.knocks import Inbox
from api.inventory.idempotency import Idempotency
from api.inventory.inventory import Inventory
from api.inventory.writing import Writing
from api.live import routes as live
from api.live.named import Named
from api.live.stream import Stream
from api.live.tickets import Tickets
from api.me import routes as me
from api.memory import Memory
from api.metrics import Metrics
from api.public import routes as public_routes
from api.public.shown import Stations
from api.readiness import Readiness
from api.reference import guide, openapi
from api.reference.page_routes import pages as docs
from api.stations import charge_point_routes, connector_routes, station_routes
from api.stations.connectors import Connectors
from api.stations.documents import Documents
from api.stations.hot_reads import HotReads
from api.stations.lists import Lists
from shared.credentials.wrong_tokens import WrongTokens
from shared.http.origin import Network
from shared.process import admin
from shared.stores.hot import HotCopy
from shared.stores.postgres import Pool

from .http import refusals

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SENT = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "Last-Event-ID",
    "X-Request-ID",
)
_EXPOSED = (
    "Age",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "Plugwatch-Stream-Id",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
)


def create(
    pool: Pool,
    copy: HotCopy,
    access: Access,
    readiness: Readiness,
    stream: Stream,
    metrics: Metrics,
    *,
    calls: GatewayCalls,
    command_timeout_s: float = 10,
    mode: Literal["all", "read"] = "all",
    now: Callable[[], int],
    clock: Callable[[], float] = time.monotonic,
    cors_origins: Sequence[str] = (),
    requests_per_minute: int = 0,
    wrong_tokens_per_minute: int = 60,
    trusted_proxies: Collection[Network] = (),
    access_log: bool = False,
    board: bool = True,
    board_stations: int = MOST,
    tiles_url: str = "",
    gateway_port: int = 9000,
    chargers_url: str = "",
    public_status: bool = False,
    public_status_per_minute: int = 0,
) -> FastAPI:
    """The application; with ``mode`` "read" it has no route that writes.

    ``now`` gives ms since the epoch, ``clock`` monotonic seconds. ``command_timeout_s`` is how long a charger's answer
    to a command is waited for. ``cors_origins`` are the pages of other
    origins that browsers let read the answers, ``requests_per_minute`` what a token may ask (0: anything),
    ``wrong_tokens_per_minute`` how many an address may guess (0: any number), the one that ``trusted_proxies`` name.
    ``access_log``: a line for each request.
    ``board_stations``: how many stations the board holds.
    ``board``: whether the status board is served at ``/``, with map tiles of ``tiles_url`` ("": coast lines alone);
    it tells where chargers connect: ``chargers_url``, else its own host at ``gateway_port``.
    ``public_status``: whether anybody may see one station at ``/status/{station_id}``, ``public_status_per_minute``
    times from one address (0: any number).
    """
    database = Database(pool)
    memory, counts = Memory(clock), Counts(clock)
    stream.feed(memory, counts)
    writing = Writing(database, copy, memory, metrics, now)
    inventory = Inventory(writing, database)
    once = Idempotency(database, clock)
    documents = Documents(HotReads(copy, clock), memory, database, metrics, clock)
    lists = Lists(database)
    codes = Codes(clock)
    tickets = Tickets(copy.redis, access, now)

    def position() -> str | None:
        return stream.position

    rooms = (
        station_routes.room(lists, documents, inventory, once),
        charge_point_routes.room(lists, documents, inventory),
        connector_routes.room(Connectors(database)),
        availability_routes.room(Availability(writing, database, clock)),
        command_routes.room(Commands(database, calls, command_timeout_s), once),
        hardware_routes.room(Hardware(writing, database, copy.redis, clock), once),
        trace_routes.room(Tracing(database, copy.redis)),
        history_routes.room(History(database), NetworkHistory(database)),
        stats_routes.room(Stats(database, counts, clock, position), Series(database, now)),
        live.room(stream, Named(database), tickets),
        inbox.room(Inbox(database, writing, inventory), once),
        audit.room(Audit(database)),
        me.room(mode),
        bulk.room(Bulk(inventory, database), once),
        board_routes.room(
            Snapshot(database, copy.changes, clock, now, board_stations), Clusters(database, clock), codes
        ),
    )
    app = FastAPI(
        title="Plugwatch",
        version="1",
        description=guide.DESCRIPTION,
        docs_url=None,  # as FastAPI has it, it loads scripts of others
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": "/", "description": "this server"}],
        openapi_tags=guide.TAGS,
        generate_unique_id_function=lambda route: route.name,
    )
    app.router.routes.extend(admin.routes(readiness, metrics.registry, access.metrics, trusted_proxies))
    routers = [part for room in rooms for part in ((room.reads, room.writes) if mode == "all" else (room.reads,))]
    for router in routers:
        app.include_router(router)
    app.include_router(docs())
    if board:
        told = Told(mode, tiles_url, gateway_port, chargers_url, "on" if public_status else "off")
        app.include_router(pages(Files(), codes, told))
    if public_status:
        by_address = RateLimit(public_status_per_minute, whose="your address")
        stations = Stations(documents.station, clock, now, lambda: stream.behind_s)
        app.include_router(public_routes.pages(stations, by_address, trusted_proxies=trusted_proxies, clock=clock))
    refusals.install(app)
    openapi.install(app, (route for router in routers for route in router.routes))
    app.add_middleware(
        Middleware,
        access=access,
        limit=RateLimit(requests_per_minute),
        wrong_tokens=WrongTokens(wrong_tokens_per_minute, clock),
        trusted_proxies=trusted_proxies,
        query=Query(app.openapi),
        position=position,
        ticket_holder=tickets.used,
        at_once=AtOnce(memory, metrics),
        metrics=metrics,
        clock=clock,
        access_log=access_log,
    )
    if cors_origins:  # outermost: a preflight has no token, and refusals must be readable, too
        app.add_middleware(
            CORSMiddleware,
            allow_origins=cors_origins,
            allow_methods=_METHODS,
            allow_headers=_SENT,
            expose_headers=_EXPOSED,
        )
    return app
