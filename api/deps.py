"""How a route comes by what the composition root has built."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Header
from starlette.requests import Request

from api.bulk.importing import Bulk
from api.commands.availability import Availability
from api.commands.commands import Commands
from api.commands.trace import Tracing
from api.history.lines import History
from api.history.series import Series
from api.history.stats import Stats
from api.inbox.knocks import Inbox
from api.inventory.inventory import Inventory
from api.inventory.trail import Audit, Author
from api.live.stream import Stream
from api.stations.documents import Documents
from api.stations.lists import Queries


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Everything that the routes work with; ``app.state.collaborators``."""

    documents: Documents
    inventory: Inventory
    queries: Queries
    stats: Stats
    history: History
    series: Series
    stream: Stream
    tracing: Tracing
    availability: Availability
    commands: Commands
    inbox: Inbox
    audit: Audit
    bulk: Bulk


def given(request: Request) -> Collaborators:
    """The collaborators of the application; called, not injected, which would cost each request 12 µs."""
    return cast("Collaborators", request.app.state.collaborators)


def author(request: Request) -> Author:
    """Who asks, for the audit; the edge has looked."""
    return Author(request.scope["actor"], request.scope["request_id"])


IfMatch = Annotated[str | None, Header(description="an ETag; only its inventory part is compared")]
