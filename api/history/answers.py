"""Lines of history and numbers, for OpenAPI alone."""

from datetime import datetime

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.http.schemas import AT, Answer
from shared.words.status import Connectivity, Health, Status

from .inputs import HistoryKind

_LINE: JsonDict = {
    "id": 4711,
    "kind": "STATUS",
    "charge_point_id": "CP1",
    "evse_id": 1,
    "connector_id": 1,
    "reported": "Charging",
    "normalized": "OCCUPIED",
    "error_code": "NoError",
    "vendor_error_code": None,
    "vendor_id": None,
    "info": None,
    "event_time": AT,
    "reported_at": AT,
    "reported_at_text": "2026-03-01T08:15:30.123Z",
    "received_at": AT,
    "flags": [],
}
_SERIES: JsonDict = {
    "from": "2026-03-01T08:00:00.000Z",
    "to": "2026-03-01T08:15:00.000Z",
    "step_s": 900,
    "points": [
        {
            "at": "2026-03-01T08:15:00.000Z",
            "connectors": {
                "AVAILABLE": 7,
                "OCCUPIED": 2,
                "RESERVED": 0,
                "UNAVAILABLE": 0,
                "FAULTED": 1,
                "UNKNOWN": 0,
            },
            "charge_points": {"ONLINE": 4, "OFFLINE": 1, "NEVER": 0},
        }
    ],
}


class HistoryLine(Answer):
    """One thing that changed, as it was reported; a charge point as a whole has no `evse_id`, or 0."""

    id: int
    kind: HistoryKind = Field(
        description="STATUS of a connector, of the charge point as a whole (CONNECTOR_0) or an EVSE; or CONNECTIVITY"
    )
    charge_point_id: str
    evse_id: int | None
    connector_id: int | None
    reported: str = Field(description="the charger's word; of CONNECTIVITY: ONLINE or OFFLINE")
    normalized: Status | None
    error_code: str | None
    vendor_error_code: str | None
    vendor_id: str | None
    info: str | None
    event_time: datetime = Field(description="when it happened: the charger's time if that can be believed")
    reported_at: datetime | None = Field(description="the charger's time, if it is in the years 1970 to 2200")
    reported_at_text: str | None = Field(description="the charger's time as it sent it, at most 64 characters")
    received_at: datetime = Field(description="when it was received; for OFFLINE, when it was found")
    flags: list[str] = Field(description="`late`, `clock_suspect`")
    life: int | None = Field(
        default=None, description="only with `include_deleted`: which of those that bore the id, 1 the first"
    )


class HistoryPage(Answer):
    """Some lines of history, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_LINE], "next_cursor": None}]})

    items: list[HistoryLine]
    next_cursor: str | None = Field(description="null on the last page")


class SeriesPoint(Answer):
    """What there was at the end of a step."""

    at: datetime
    connectors: dict[Status, int]
    charge_points: dict[Connectivity, int]


class Series(Answer):
    """Counts at the end of each step from `from` to `to`, which is never after now."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SERIES]})

    from_: datetime = Field(alias="from")
    to: datetime
    step_s: int
    points: list[SeriesPoint]


class StationStats(Answer):
    """How many stations, by status and by health."""

    total: int
    status: dict[Status, int]
    health: dict[Health, int]


class ChargePointStats(StationStats):
    """How many charge points, by status, health and connectivity."""

    connectivity: dict[Connectivity, int]


class PlugStats(Answer):
    """How many EVSEs or connectors, by status."""

    total: int
    status: dict[Status, int]


class Stats(Answer):
    """The whole network in numbers; every status, health and connectivity is there, if only as 0."""

    stations: StationStats
    charge_points: ChargePointStats
    evses: PlugStats
    connectors: PlugStats
