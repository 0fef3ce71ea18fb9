"""``/v1/audit``: who changed what."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api.commands import answers as outcomes
from api.commands.inputs import AuditFilters
from api.http import responses as answers
from api.http.openapi import answers as may_answer
from api.http.room import Room
from api.inventory.trail import Audit


def room(audit: Audit) -> Room:
    """The routes."""
    routes = Room("/v1/audit", "audit")

    @routes.reads.get("", response_model=outcomes.AuditPage, responses=may_answer(422, 503))
    async def list_audit(request: Request, filters: Annotated[AuditFilters, Query()]) -> Response:
        """Changes and commands, the newest first. Each is written in the transaction of its change."""
        return answers.page(request, await audit.page(filters))

    return routes
