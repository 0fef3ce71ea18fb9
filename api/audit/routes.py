"""``/v1/audit``: who changed what."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api.http import pages
from api.http.pages import Page
from api.http.problems import TooSlow
from api.reference.openapi import LINK, answering
from api.room import Room

from .answers import AUDIT, AuditEntry
from .entries import Audit
from .inputs import AuditFilters


def room(audit: Audit) -> Room:
    """The routes."""
    routes = Room("/v1/audit", "audit")

    @routes.reads.get("", responses=answering(Page[AuditEntry], TooSlow, example=AUDIT, headers=LINK, etag=True))
    async def list_audit(request: Request, filters: Annotated[AuditFilters, Query()]) -> Response:
        """Changes and commands, the newest first. Each is written in the transaction of its change.

        Ids go up in the order of commits: whoever has seen one has nothing smaller to come.
        """
        return pages.answer(request, await audit.page(filters))

    return routes
