"""Changes as they are listed."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from api.http.pages import Page
from api.reference.schemas import AT, Instant


class AuditEntry(Struct, frozen=True):
    """One change, or one command."""

    id: int
    at: Instant
    actor: Annotated[str, Meta(description="the name of the token; `admin` for one without a name")]
    action: str
    station_id: str | None
    charge_point_id: str | None
    before: Annotated[dict[str, Any] | None, Meta(description="what was; null for what is new")]
    after: Annotated[dict[str, Any] | None, Meta(description="what became of it; null for what was deleted")]
    request_id: str | None


AUDIT = Page(
    items=[
        AuditEntry(
            id=17,
            at=AT,
            actor="field-team",
            action="charge_point.changed",
            station_id="alexanderplatz",
            charge_point_id="CP1",
            before={"registration": "ACCEPTED"},
            after={"registration": "REJECTED"},
            request_id="0f8fad5bd9cb469fa16570867728950e",
        )
    ],
    next_cursor=None,
)
