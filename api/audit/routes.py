"""``/v1/audit``: who changed what."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.commands import answers as outcomes
from api.commands.inputs import AuditFilters
from api.deps import given
from api.http import responses as answers
from api.http.openapi import answers as may_answer

reads = APIRouter(prefix="/v1/audit", tags=["audit"])


@reads.get("", response_model=outcomes.AuditPage, responses=may_answer(422, 503))
async def list_audit(request: Request, filters: Annotated[AuditFilters, Query()]) -> Response:
    """Changes and commands, the newest first. Each is written in the transaction of its change."""
    return answers.page(request, await given(request).audit.page(filters))
