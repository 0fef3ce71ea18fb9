"""``/v1/connectors``: every plug of the network."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api.http import pages
from api.http.pages import Page
from api.http.problems import TooSlow
from api.reference.openapi import LINK, answering
from api.room import Room

from . import answers
from .connectors import Connectors
from .inputs import ConnectorFilters


def room(connectors: Connectors) -> Room:
    """The routes."""
    routes = Room("/v1/connectors", "connectors")

    @routes.reads.get(
        "",
        responses=answering(
            Page[answers.ListedConnector], TooSlow, example=answers.CONNECTORS, headers=LINK, etag=True
        ),
    )
    async def list_connectors(request: Request, filters: Annotated[ConnectorFilters, Query()]) -> Response:
        """The connectors, by charge point, EVSE and number: what is free now, or broken, in one list."""
        return pages.answer(request, await connectors.page(filters))

    return routes
