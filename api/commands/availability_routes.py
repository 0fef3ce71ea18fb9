"""``…/availability``: in service or out of it, for a station, a charge point or a connector."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import author
from api.http.problems import NotFound
from api.reference.openapi import answering
from api.room import Room

from . import answers
from .availability import Asked, Availability
from .inputs import AvailabilityIntent, ConnectorInPath, EvseInPath

_WAITING = answering(
    answers.Availability,
    status=202,
    example=answers.WAITING,
    says="Stored; not all have answered. It is asked again when a charger is back or boots",
)
_ANSWERS = answering(answers.Availability, NotFound, example=answers.AVAILABILITY) | _WAITING


def room(availability: Availability) -> Room:
    """The routes."""
    routes = Room("/v1", "availability")

    @routes.writes.put("/stations/{station_id}/availability", responses=_ANSWERS)
    async def set_station_availability(request: Request, station_id: str, body: AvailabilityIntent) -> Response:
        """Asks every charge point of the station, and waits up to 5 s for their answers.

        A new intent takes the place of those before it, also of those for single connectors.
        """
        asked = await availability.ask_station(author(request), station_id, body)
        return _answer(body, asked)

    @routes.writes.put("/charge-points/{charge_point_id}/availability", responses=_ANSWERS)
    async def set_charge_point_availability(
        request: Request, charge_point_id: str, body: AvailabilityIntent
    ) -> Response:
        """Asks the whole charge point, and waits up to 5 s for its answer."""
        asked = await availability.ask_charge_point(author(request), charge_point_id, body)
        return _answer(body, asked)

    @routes.writes.put(
        "/charge-points/{charge_point_id}/connectors/{evse_id}/{connector_id}/availability",
        responses=_ANSWERS,
    )
    async def set_connector_availability(
        request: Request,
        charge_point_id: str,
        evse_id: EvseInPath,
        connector_id: ConnectorInPath,
        body: AvailabilityIntent,
    ) -> Response:
        """Asks one connector that the charge point has reported, and waits up to 5 s for its answer."""
        asked = await availability.ask_connector(author(request), charge_point_id, (evse_id, connector_id), body)
        return _answer(body, asked)

    @routes.writes.put("/charge-points/{charge_point_id}/evses/{evse_id}/availability", responses=_ANSWERS)
    async def set_evse_availability(
        request: Request, charge_point_id: str, evse_id: EvseInPath, body: AvailabilityIntent
    ) -> Response:
        """Asks one EVSE with all its connectors, and waits up to 5 s for its answer."""
        asked = await availability.ask_connector(author(request), charge_point_id, (evse_id, 0), body)
        return _answer(body, asked)

    return routes


def _answer(intent: AvailabilityIntent, asked: Asked) -> Response:
    results = [answers.AvailabilityResult(of, result) for of, result in asked.results]
    body = msgspec.json.encode(answers.Availability(intent.operative, results))
    return Response(body, 200 if asked.all_answered else 202, media_type="application/json")
