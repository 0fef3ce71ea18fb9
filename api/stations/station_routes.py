"""``/v1/stations``."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api.http import pages, responses
from api.http.access import author
from api.http.etags import IfMatch
from api.http.pages import Page
from api.http.problems import Changed, IdTaken, NotFound, TooSlow
from api.inventory.answers import CHARGE_POINT, STATION, EditedChargePoint, Station
from api.inventory.idempotency import Idempotency, IdempotencyKey
from api.inventory.inputs import NewChargePoint, NewStation, StationPatch
from api.inventory.inventory import Inventory
from api.reference.openapi import CREATED, LINK, answering
from api.room import Room

from . import answers
from .documents import Documents
from .inputs import StationFilters
from .lists import Lists


def room(lists: Lists, documents: Documents, inventory: Inventory, once: Idempotency) -> Room:
    """The routes."""
    routes = Room("/v1/stations", "stations")

    @routes.reads.get(
        "", responses=answering(Page[answers.ListedStation], TooSlow, example=answers.STATIONS, headers=LINK, etag=True)
    )
    async def list_stations(request: Request, filters: Annotated[StationFilters, Query()]) -> Response:
        """The stations, by id, by name, or by distance from a place; without `charge_points` unless expanded.

        Pages follow the last row shown, so nothing is left out or repeated while states change.
        """
        return pages.answer(request, await lists.stations(filters))

    @routes.reads.get(
        "/{station_id}", responses=answering(Station, NotFound, example=STATION, headers=("Age",), etag=True)
    )
    async def read_station(request: Request, station_id: str) -> Response:
        """One station with all its charge points."""
        return responses.document(await documents.station(station_id), request)

    @routes.writes.post(
        "", status_code=201, responses=answering(Station, IdTaken, status=201, example=STATION, headers=CREATED)
    )
    async def create_station(request: Request, body: NewStation, idempotency_key: IdempotencyKey = None) -> Response:
        """A new station, without charge points yet."""
        return await once.written(
            request,
            idempotency_key,
            lambda author: inventory.create_station(author, body.id, body.given()),
            lambda change: responses.created(change, "/v1/stations", change.station_id or ""),
        )

    @routes.writes.patch(
        "/{station_id}", responses=answering(Station, NotFound, Changed, example=STATION, headers=("ETag",))
    )
    async def edit_station(request: Request, station_id: str, body: StationPatch, if_match: IfMatch = None) -> Response:
        """Other fields for a station: what is absent stays, null clears."""
        edited = inventory.edit_station(author(request), station_id, body.given(), if_match)
        return responses.document(await edited)

    @routes.writes.delete("/{station_id}", status_code=204, responses=answering(None, NotFound, Changed, status=204))
    async def delete_station(request: Request, station_id: str, if_match: IfMatch = None) -> Response:
        """No such station any more, nor its charge points: their sockets are closed. History stays."""
        await inventory.delete_station(author(request), station_id, if_match)
        return Response(status_code=204)

    @routes.writes.post(
        "/{station_id}/charge-points",
        status_code=201,
        responses=answering(EditedChargePoint, NotFound, IdTaken, status=201, example=CHARGE_POINT, headers=CREATED),
        tags=["charge points"],
    )
    async def create_charge_point(
        request: Request, station_id: str, body: NewChargePoint, idempotency_key: IdempotencyKey = None
    ) -> Response:
        """A new charge point: it may connect from now on."""
        body, made = body.with_generated()
        return await once.written(
            request,
            idempotency_key,
            lambda author: inventory.create_charge_point(author, station_id, body),
            lambda change: responses.created(change, "/v1/charge-points", body.id),
            lambda change: responses.created(change, "/v1/charge-points", body.id, password=made),
        )

    return routes
