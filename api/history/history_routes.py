"""``/v1/history``, ``/v1/charge-points/{id}/history`` and ``/v1/stations/{id}/history``."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api.http import pages
from api.http.pages import Page
from api.http.problems import NotFound, TooSlow
from api.reference.openapi import LINK, answering
from api.room import Room

from .answers import HISTORY, NETWORK, HistoryLine
from .inputs import HistoryFilters, NetworkFilters
from .lines import History
from .network import NetworkHistory

_LINES = answering(Page[HistoryLine], NotFound, TooSlow, example=HISTORY, headers=LINK, etag=True)


def room(history: History, network: NetworkHistory) -> Room:
    """The routes."""
    routes = Room("/v1", "history")

    @routes.reads.get(
        "/history", responses=answering(Page[HistoryLine], TooSlow, example=NETWORK, headers=LINK, etag=True)
    )
    async def read_network_history(request: Request, filters: Annotated[NetworkFilters, Query()]) -> Response:
        """The lines of all charge points that there are, newest first by `received_at`.

        What broke last night: `?status=FAULTED&from=…`; who went away: `?kind=CONNECTIVITY&reported=OFFLINE`.
        """
        return pages.answer(request, await network.page(filters))

    @routes.reads.get(
        "/charge-points/{charge_point_id}/history",
        responses=_LINES,
    )
    async def read_charge_point_history(
        request: Request, charge_point_id: str, filters: Annotated[HistoryFilters, Query()]
    ) -> Response:
        """What it reported and when it came and went, newest first by `received_at`.

        A line is written when something changed: the word, its error code, or the connectivity. Lines flagged `late`
        are of a session that was over when they came, and changed no state; `clock_suspect` says that the charger's
        own time (`reported_at`) was not believed. With `include_deleted` all charge points that ever bore this id
        are shown, and `life` tells them apart: 1 is the first that bore it.
        """
        return pages.answer(request, await history.of_charge_point(charge_point_id, filters))

    @routes.reads.get("/stations/{station_id}/history", responses=_LINES)
    async def read_station_history(
        request: Request, station_id: str, filters: Annotated[HistoryFilters, Query()]
    ) -> Response:
        """The lines of all charge points that the station has now, wherever they were then; newest first.

        With `include_deleted` also those of charge points that were deleted while they were here, and of all stations
        that ever bore this id; `life` counts the lives of each `charge_point_id`.
        """
        return pages.answer(request, await history.of_station(station_id, filters))

    return routes
