"""``/v1/inbox``: charge points that knock and are refused."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api.http import pages, responses
from api.http.access import author
from api.http.pages import Page
from api.http.problems import IdTaken, NotFound
from api.inventory.answers import CHARGE_POINT, EditedChargePoint
from api.inventory.idempotency import Idempotency, IdempotencyKey
from api.reference.openapi import CREATED, LINK, answering
from api.room import Room
from shared.stores.hot import Change

from .answers import INBOX, Knock
from .inputs import Adoption, InboxFilters
from .knocks import Inbox


def room(inbox: Inbox, once: Idempotency) -> Room:
    """The routes."""
    routes = Room("/v1/inbox", "inbox")

    @routes.reads.get("", responses=answering(Page[Knock], example=INBOX, headers=LINK, etag=True))
    async def list_inbox(request: Request, filters: Annotated[InboxFilters, Query()]) -> Response:
        """Who knocks and is refused, by `first_seen_at`, the newest first; some seconds old.

        A page holds still while they go on knocking: nobody is left out or repeated.
        """
        return pages.answer(request, await inbox.page(filters))

    @routes.writes.post(
        "/{charge_point_id}/adopt",
        status_code=201,
        responses=answering(EditedChargePoint, NotFound, IdTaken, status=201, example=CHARGE_POINT, headers=CREATED),
    )
    async def adopt_charge_point(
        request: Request, charge_point_id: str, body: Adoption, idempotency_key: IdempotencyKey = None
    ) -> Response:
        """Makes it a charge point of a station: it may connect from now on."""
        body, made = body.with_generated()

        def adopted(change: Change, password: str | None = None) -> Response:
            return responses.created(change, "/v1/charge-points", change.charge_point_id or "", password=password)

        return await once.written(
            request,
            idempotency_key,
            lambda author: inbox.adopt(author, charge_point_id, body),
            adopted,
            lambda change: adopted(change, made),
        )

    @routes.writes.delete(
        "/{charge_point_id}",
        status_code=204,
        responses=answering(None, NotFound, status=204),
    )
    async def forget_knock(request: Request, charge_point_id: str) -> Response:
        """Takes it off the list; it is there again when it knocks again."""
        await inbox.forget(author(request), charge_point_id)
        return Response(status_code=204)

    return routes
