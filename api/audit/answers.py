"""Changes, for OpenAPI alone."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from api.http.schemas import AT, like

_ENTRY: JsonDict = {
    "id": 17,
    "at": AT,
    "actor": "field-team",
    "action": "charge_point.changed",
    "station_id": "alexanderplatz",
    "charge_point_id": "CP1",
    "before": {"registration": "ACCEPTED"},
    "after": {"registration": "REJECTED"},
    "request_id": "0f8fad5bd9cb469fa16570867728950e",
}


class AuditEntry(BaseModel):
    """One change, or one command."""

    model_config = like(_ENTRY)

    id: int
    at: datetime
    actor: str = Field(description="the name of the token; `admin` for one without a name")
    action: str
    station_id: str | None
    charge_point_id: str | None
    before: dict[str, Any] | None = Field(description="what was; null for what is new")
    after: dict[str, Any] | None = Field(description="what became of it; null for what was deleted")
    request_id: str | None


class AuditPage(BaseModel):
    """Some of the changes, the newest first."""

    model_config = like({"items": [_ENTRY], "next_cursor": None})

    items: list[AuditEntry]
    next_cursor: str | None = Field(description="null on the last page")
