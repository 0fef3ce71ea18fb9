"""``/v1/inbox``: charge points that knock and are refused."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api.http import pages, responses
from api.http.access import author
from api.http.openapi import may_answer
from api.http.room import Room
from api.inventory.answers import EditedChargePoint

from . import answers
from .inputs import Adoption, InboxFilters
from .knocks import Inbox


def room(inbox: Inbox) -> Room:
    """The routes."""
    routes = Room("/v1/inbox", "inbox")

    @routes.reads.get("", response_model=answers.KnockPage, responses=may_answer(422, 503))
    async def list_inbox(request: Request, filters: Annotated[InboxFilters, Query()]) -> Response:
        """Who knocks and is refused, the last one first; some seconds old."""
        return pages.answer(request, await inbox.page(filters))

    @routes.writes.post(
        "/{charge_point_id}/adopt",
        status_code=201,
        response_model=EditedChargePoint,
        responses=may_answer(404, 409, 413, 422, 503, when={404: "Nobody with this id has knocked"}),
    )
    async def adopt(request: Request, charge_point_id: str, body: Adoption) -> Response:
        """Makes it a charge point of a station: it may connect from now on."""
        body, made = body.with_generated()
        change = await inbox.adopt(author(request), charge_point_id, body)
        return responses.created(change, "/v1/charge-points", change.charge_point_id or "", password=made)

    @routes.writes.delete(
        "/{charge_point_id}",
        status_code=204,
        responses=may_answer(404, 503, when={404: "Nobody with this id has knocked"}),
    )
    async def forget(request: Request, charge_point_id: str) -> Response:
        """Takes it off the list; it is there again when it knocks again."""
        await inbox.forget(author(request), charge_point_id)
        return Response(status_code=204)

    return routes
