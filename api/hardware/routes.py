"""``…/replace`` and ``DELETE …/connectors/…``: the hardware behind an id."""

from starlette.requests import Request
from starlette.responses import Response

from api.http import responses
from api.http.access import author
from api.http.problems import NotFound
from api.inventory.answers import CHARGE_POINT, EditedChargePoint
from api.inventory.idempotency import Idempotency, IdempotencyKey
from api.reference.openapi import answering
from api.room import Room

from .hardware import Hardware
from .inputs import ConnectorInPath, EvseInPath, Replacement


def room(hardware: Hardware, once: Idempotency) -> Room:
    """The routes."""
    routes = Room("/v1/charge-points", "charge points")

    @routes.writes.post(
        "/{charge_point_id}/replace", responses=answering(EditedChargePoint, NotFound, example=CHARGE_POINT)
    )
    async def replace_charge_point(
        request: Request, charge_point_id: str, body: Replacement, idempotency_key: IdempotencyKey = None
    ) -> Response:
        """Another device bears this id from now on; id, station and history stay, `hardware` goes up.

        Places that it has not reported 45 s after it was asked for them are UNKNOWN (NOT_REPORTED), and go after a
        day. Whoever is connected is cut off, and connects again as the new one, if its password is the right one.
        """
        body, made = body.with_generated()
        return await once.written(
            request,
            idempotency_key,
            lambda author: hardware.replace(author, charge_point_id, body),
            responses.document,
            lambda change: responses.document(change, password=made),
        )

    @routes.writes.delete(
        "/{charge_point_id}/connectors/{evse_id}/{connector_id}",
        status_code=204,
        responses=answering(None, NotFound, status=204)
        | answering(None, status=202, says="Stored; a rollup forgets it as soon as one runs"),
    )
    async def forget_connector(
        request: Request, charge_point_id: str, evse_id: EvseInPath, connector_id: ConnectorInPath
    ) -> Response:
        """Forgets a connector that is no longer there, and what was asked of it. Its history stays."""
        gone = await hardware.forget(author(request), charge_point_id, evse_id, connector_id)
        return Response(status_code=204 if gone else 202)

    return routes
