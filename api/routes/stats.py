"""``/v1/stats``."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import schemas
from api.deps import given
from api.openapi import answers as may_answer

reads = APIRouter(prefix="/v1/stats", tags=["stats"])


@reads.get("", response_model=schemas.Stats, responses=may_answer(503))
async def read_stats(request: Request) -> Response:
    """The whole network in numbers, at most a second old."""
    return Response(await given(request).stats.document(), media_type="application/json")
