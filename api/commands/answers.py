"""What the operating routes answer, for OpenAPI alone."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.http.schemas import FieldError

_AT = "2026-03-01T08:15:30.123Z"
_KNOCK: JsonDict = {"id": "CP9", "status": 404, "attempts": 12, "first_seen_at": _AT, "last_seen_at": _AT}
_ENTRY: JsonDict = {
    "id": 17,
    "at": _AT,
    "actor": "field-team",
    "action": "charge_point.changed",
    "station_id": "alexanderplatz",
    "charge_point_id": "CP1",
    "before": {"registration": "ACCEPTED"},
    "after": {"registration": "REJECTED"},
    "request_id": "0f8fad5bd9cb469fa16570867728950e",
}
_WRONG: JsonDict = {"field": "latitude", "message": "Input should be less than or equal to 90"}
_ROWS: list[JsonDict] = [
    {"row": 1, "station_id": "alexanderplatz", "charge_point_id": "CP1", "result": "created", "errors": []},
    {"row": 2, "station_id": "alexanderplatz", "charge_point_id": "CP2", "result": "error", "errors": [_WRONG]},
]
_TOTALS: JsonDict = {"created": 1, "updated": 0, "unchanged": 0, "error": 1}


def _like(*examples: JsonDict) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples)})


class AvailabilityResult(BaseModel):
    """What came of the wish at one charge point."""

    charge_point_id: str
    result: Literal["Accepted", "Rejected", "Scheduled", "Waiting", "TimedOut"] = Field(
        description="its answer; Waiting: it is not connected, or not ACCEPTED; TimedOut: it did not answer within 5 s"
    )


class Availability(BaseModel):
    """A wish and what came of it so far."""

    model_config = _like({"operative": False, "results": [{"charge_point_id": "CP1", "result": "Accepted"}]})

    operative: bool
    results: list[AvailabilityResult]


class CommandAnswer(BaseModel):
    """A charger's own word: `Accepted`, `Rejected`, `Unlocked`, `NotImplemented`, …"""

    model_config = _like({"charge_point_id": "CP1", "status": "Accepted"})

    charge_point_id: str
    status: str


class Knock(BaseModel):
    """A charge point that is refused."""

    model_config = _like(_KNOCK)

    id: str
    status: int = Field(description="404: not in the inventory; 401: a wrong password, or none; 400, 429: the rest")
    attempts: int
    first_seen_at: datetime
    last_seen_at: datetime


class KnockPage(BaseModel):
    """Some of those who knocked, the newest first."""

    model_config = _like({"items": [_KNOCK], "next_cursor": None})

    items: list[Knock]
    next_cursor: str | None = Field(description="null on the last page")


class AuditEntry(BaseModel):
    """One change, or one command."""

    model_config = _like(_ENTRY)

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

    model_config = _like({"items": [_ENTRY], "next_cursor": None})

    items: list[AuditEntry]
    next_cursor: str | None = Field(description="null on the last page")


class ImportedRow(BaseModel):
    """What came of one row."""

    row: int = Field(description="1 is the first after the header")
    station_id: str | None
    charge_point_id: str | None
    result: Literal["created", "updated", "unchanged", "error"]
    errors: list[FieldError]


class ImportReport(BaseModel):
    """What came of every row."""

    model_config = _like({"dry_run": False, "totals": _TOTALS, "rows": list(_ROWS)})

    dry_run: bool
    totals: dict[Literal["created", "updated", "unchanged", "error"], int]
    rows: list[ImportedRow]
