"""``/v1/charge-points``; ids match case-insensitively. They are created under their station."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api.http import pages, responses
from api.http.access import author
from api.http.etags import IfMatch
from api.http.pages import Page
from api.http.problems import Changed, NotFound, TooSlow
from api.inventory.answers import CHARGE_POINT, EditedChargePoint
from api.inventory.inputs import ChargePointPatch
from api.inventory.inventory import Inventory
from api.reference.openapi import LINK, answering
from api.room import Room
from shared.words.documents import ChargePointDocument

from . import answers
from .documents import Documents
from .inputs import ChargePointFilters
from .lists import Lists


def room(lists: Lists, documents: Documents, inventory: Inventory) -> Room:
    """The routes."""
    routes = Room("/v1/charge-points", "charge points")

    @routes.reads.get(
        "",
        responses=answering(
            Page[answers.ListedChargePoint], TooSlow, example=answers.CHARGE_POINTS, headers=LINK, etag=True
        ),
    )
    async def list_charge_points(request: Request, filters: Annotated[ChargePointFilters, Query()]) -> Response:
        """The charge points, by id, or by distance of their station from a place.

        Pages follow the last row shown, so nothing is left out or repeated while states change.
        """
        return pages.answer(request, await lists.charge_points(filters))

    @routes.reads.get(
        "/{charge_point_id}",
        responses=answering(ChargePointDocument, NotFound, example=CHARGE_POINT, headers=("Age",), etag=True),
    )
    async def read_charge_point(request: Request, charge_point_id: str) -> Response:
        """One charge point."""
        return responses.document(await documents.charge_point(charge_point_id), request)

    @routes.writes.patch(
        "/{charge_point_id}",
        responses=answering(EditedChargePoint, NotFound, Changed, example=CHARGE_POINT, headers=("ETag",)),
    )
    async def edit_charge_point(
        request: Request, charge_point_id: str, body: ChargePointPatch, if_match: IfMatch = None
    ) -> Response:
        """Moves it to another station or to none, changes its password or its registration.

        Another password ends the charger's session (close code 1008) until it comes with the new one.
        """
        body, made = body.with_generated()
        edited = inventory.edit_charge_point(author(request), charge_point_id, body, if_match)
        return responses.document(await edited, password=made)

    @routes.writes.delete(
        "/{charge_point_id}", status_code=204, responses=answering(None, NotFound, Changed, status=204)
    )
    async def delete_charge_point(request: Request, charge_point_id: str, if_match: IfMatch = None) -> Response:
        """No such charge point any more: its socket is closed and it is refused from then on. History stays."""
        await inventory.delete_charge_point(author(request), charge_point_id, if_match)
        return Response(status_code=204)

    return routes
