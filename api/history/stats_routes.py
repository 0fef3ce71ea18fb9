"""``/v1/stats``, now and over time."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api.http import responses
from api.http.problems import NotFound, TooSlow
from api.reference.openapi import answering
from api.room import Room

from .answers import SERIES, STATS, SeriesDocument, StatsDocument
from .inputs import SeriesFilters
from .series import Series
from .stats import Stats


def room(stats: Stats, series: Series) -> Room:
    """The routes."""
    routes = Room("/v1/stats", "stats")

    @routes.reads.get("", responses=answering(StatsDocument, example=STATS, etag=True))
    async def read_stats(request: Request) -> Response:
        """The whole network in numbers, at most a second old."""
        counted = await stats.counted()
        request.scope["stream_id"] = counted.stream_id  # older than the request's own
        return responses.listed(request, counted.document)

    @routes.reads.get("/series", responses=answering(SeriesDocument, NotFound, TooSlow, example=SERIES, etag=True))
    async def read_stats_series(request: Request, filters: Annotated[SeriesFilters, Query()]) -> Response:
        """The network over time, for charts: how many there were of each at the end of each step.

        `connectors`: every connector by the last word it said itself before that moment, in our terms, from its first
        line of history until its charge point was deleted; of an OFFLINE charge point, too: what it makes of that is
        not history, so these are not the effective statuses of `/v1/stats`. `charge_points`: every charge point by
        connectivity; NEVER from its creation to its first connection. What counts is when a line was received, so a
        past point never changes. The last point is at `to`. One such question is answered at a time, within 20 s.
        """
        return responses.listed(request, await series.document(filters))

    return routes
