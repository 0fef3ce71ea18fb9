"""``/v1/charge-points/{id}/trace``."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import author, given
from api.http import schemas
from api.http.inputs import TraceSwitch
from api.http.openapi import answers as may_answer

reads = APIRouter(prefix="/v1/charge-points/{charge_point_id}/trace", tags=["charge points"])
writes = APIRouter(prefix="/v1/charge-points/{charge_point_id}/trace", tags=["charge points"])


@reads.get("", response_model=schemas.Trace, responses=may_answer(404, 503))
async def read_trace(request: Request, charge_point_id: str) -> Response:
    """The newest frames, 200 at most, newest first; idTags, idTokens and passwords are masked."""
    return Response(await given(request).tracing.read(charge_point_id), media_type="application/json")


@writes.put("", response_model=schemas.TraceState, responses=may_answer(404, 413, 422, 503))
async def switch_trace(request: Request, charge_point_id: str, body: TraceSwitch) -> Response:
    """Keeps its frames from now on, for an hour at most, or stops that."""
    switched = given(request).tracing.switch(author(request), charge_point_id, body.enabled)
    return Response(await switched, media_type="application/json")
