"""``/v1/charge-points/{id}/trace``."""

from starlette.requests import Request
from starlette.responses import Response

from api.http.access import author
from api.http.problems import NotFound
from api.reference.openapi import answering
from api.room import Room

from . import answers
from .inputs import TraceSwitch
from .trace import Tracing


def room(tracing: Tracing) -> Room:
    """The routes."""
    routes = Room("/v1/charge-points/{charge_point_id}/trace", "charge points")

    @routes.reads.get("", responses=answering(answers.Trace, NotFound, example=answers.TRACE))
    async def read_trace(request: Request, charge_point_id: str) -> Response:
        """The newest frames, 200 at most, newest first; idTags, idTokens and passwords are masked."""
        return Response(await tracing.read(charge_point_id), media_type="application/json")

    @routes.writes.put("", responses=answering(answers.TraceState, NotFound, example=answers.STATE))
    async def switch_trace(request: Request, charge_point_id: str, body: TraceSwitch) -> Response:
        """Keeps its frames from now on, for an hour at most, or stops that."""
        switched = tracing.switch(author(request), charge_point_id, body.enabled)
        return Response(await switched, media_type="application/json")

    return routes
