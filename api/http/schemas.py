"""What the API answers, for OpenAPI alone: documents are served as the bytes that are stored.

A test holds these against ``shared.words.documents``, which makes the bytes.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from shared.words.documents import Registration
from shared.words.status import Connectivity, Health, Reason, Status

from .inputs import HistoryKind

_AT = "2026-03-01T08:15:30.123Z"
_CONNECTOR: JsonDict = {
    "id": 1,
    "reported": "Available",
    "normalized": "AVAILABLE",
    "status": "AVAILABLE",
    "reason": "OWN",
    "error_code": "NoError",
    "vendor_error_code": None,
    "info": None,
    "since": _AT,
    "reported_at": _AT,
    "received_at": _AT,
}
_CHARGE_POINT: JsonDict = {
    "id": "CP1",
    "station_id": "alexanderplatz",
    "protocol": "ocpp1.6",
    "vendor": "Acme",
    "model": "Two Plugs",
    "firmware": "1.4.2",
    "revision": 1234,
    "connectivity": "ONLINE",
    "last_seen_at": _AT,
    "registration": "ACCEPTED",
    "operative": True,
    "intent": None,
    "identity_conflict": False,
    "status": "AVAILABLE",
    "health": "OK",
    "partially_available": False,
    "counts": {"AVAILABLE": 1},
    "connector0": {"reported": "Available", "error_code": "NoError", "since": _AT},
    "evses": [{"id": 1, "status": "AVAILABLE", "reported": None, "since": _AT, "connectors": [_CONNECTOR]}],
}
_STATION_ITEM: JsonDict = {
    "id": "alexanderplatz",
    "name": "Alexanderplatz P2",
    "address": "Alexanderplatz 1, 10178 Berlin",
    "latitude": 52.5219,
    "longitude": 13.4132,
    "time_zone": "Europe/Berlin",
    "status": "AVAILABLE",
    "health": "OK",
    "partially_available": False,
    "counts": {"AVAILABLE": 1},
    "revision": 1235,
    "updated_at": _AT,
}
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
    "info": None,
    "event_time": _AT,
    "reported_at": _AT,
    "reported_at_text": "2026-03-01T08:15:30.123Z",
    "received_at": _AT,
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
_CURSOR = "czphbGV4YW5kZXJwbGF0eg"

Counts = Annotated[dict[Status, int], Field(description="EVSEs by status, without zeros")]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Connector(_Answer):
    """A connector: its own word (`reported`) and what it comes to (`status`, and why: `reason`)."""

    id: int
    reported: str
    normalized: Status
    status: Status
    reason: Reason
    error_code: str | None
    vendor_error_code: str | None
    info: str | None
    since: datetime
    reported_at: datetime | None
    received_at: datetime


class Evse(_Answer):
    """An EVSE serves one car at a time; `reported` is a report about the EVSE as a whole."""

    id: int
    status: Status
    reported: str | None
    since: datetime
    connectors: list[Connector]


class Connector0(_Answer):
    """The last report about the charge point as a whole."""

    reported: str
    error_code: str | None
    since: datetime


class Intent(_Answer):
    """What was asked of the charge point and still waits for its answer."""

    operative: bool
    note: str | None
    since: datetime


class ChargePoint(_Answer):
    """A charge point, its EVSEs and connectors."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CHARGE_POINT]})

    id: str
    station_id: str | None
    protocol: str | None
    vendor: str | None
    model: str | None
    firmware: str | None
    revision: int
    connectivity: Connectivity
    last_seen_at: datetime | None
    registration: Registration
    operative: bool = Field(description="what was last asked of it")
    intent: Intent | None
    identity_conflict: bool = Field(description="two devices seem to bear this id: their sockets replace each other")
    status: Status
    health: Health
    partially_available: bool
    counts: Counts
    connector0: Connector0 | None
    evses: list[Evse]


class StationItem(_Answer):
    """A station in a list; `charge_points` only with `expand=charge_points`."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STATION_ITEM]})

    id: str
    name: str
    address: str | None
    latitude: float | None
    longitude: float | None
    time_zone: str | None
    status: Status
    health: Health
    partially_available: bool
    counts: Counts
    revision: int
    updated_at: datetime


class Station(StationItem):
    """A station with all its charge points."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STATION_ITEM | {"charge_points": [_CHARGE_POINT]}]})

    charge_points: list[ChargePoint]


_DISTANCE_M = Field(default=None, description="only with `near`: great-circle distance in metres")


class ListedStation(StationItem):
    """A station in a list."""

    charge_points: list[ChargePoint] = Field(default=[], description="only with `expand=charge_points`")
    distance_m: float | None = _DISTANCE_M


class EditedChargePoint(ChargePoint):
    """A charge point, and the password that was made for it."""

    password: str | None = Field(
        default=None, description="only where `generate_password` was asked for; it is never given out again"
    )


class ListedChargePoint(ChargePoint):
    """A charge point in a list."""

    distance_m: float | None = _DISTANCE_M


class StationPage(_Answer):
    """Some of the stations, in the order asked for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_STATION_ITEM], "next_cursor": _CURSOR}]})

    items: list[ListedStation]
    next_cursor: str | None = Field(description="null on the last page")


class ChargePointPage(_Answer):
    """Some of the charge points, in the order asked for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_CHARGE_POINT], "next_cursor": None}]})

    items: list[ListedChargePoint]
    next_cursor: str | None = Field(description="null on the last page")


class HistoryLine(_Answer):
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
    info: str | None
    event_time: datetime = Field(description="when it happened: the charger's time if that can be believed")
    reported_at: datetime | None = Field(description="the charger's time, if it is in the years 1970 to 2200")
    reported_at_text: str | None = Field(description="the charger's time as it sent it, at most 64 characters")
    received_at: datetime = Field(description="when it was received; for OFFLINE, when it was found")
    flags: list[str] = Field(description="`late`, `clock_suspect`")
    life: int | None = Field(
        default=None, description="only with `include_deleted`: which of those that bore the id, 1 the first"
    )


class HistoryPage(_Answer):
    """Some lines of history, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_LINE], "next_cursor": None}]})

    items: list[HistoryLine]
    next_cursor: str | None = Field(description="null on the last page")


class SeriesPoint(_Answer):
    """What there was at the end of a step."""

    at: datetime
    connectors: dict[Status, int]
    charge_points: dict[Connectivity, int]


class Series(_Answer):
    """Counts at the end of each step from `from` to `to`, which is never after now."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SERIES]})

    from_: datetime = Field(alias="from")
    to: datetime
    step_s: int
    points: list[SeriesPoint]


class StationStats(_Answer):
    """How many stations, by status and by health."""

    total: int
    status: dict[Status, int]
    health: dict[Health, int]


class ChargePointStats(StationStats):
    """How many charge points, by status, health and connectivity."""

    connectivity: dict[Connectivity, int]


class PlugStats(_Answer):
    """How many EVSEs or connectors, by status."""

    total: int
    status: dict[Status, int]


class Stats(_Answer):
    """The whole network in numbers; every status, health and connectivity is there, if only as 0."""

    stations: StationStats
    charge_points: ChargePointStats
    evses: PlugStats
    connectors: PlugStats


class TraceState(_Answer):
    """Whether the frames of a charge point are kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": True, "until": _AT}]})

    enabled: bool
    until: datetime | None = Field(description="when that ends by itself")


class TracedFrame(_Answer):
    """A frame; `in` is from the charger."""

    at: datetime
    direction: Literal["in", "out"]
    frame: str = Field(description="compact JSON without secrets, cut off after 4 kB; else its length alone")


class Trace(TraceState):
    """The newest frames of a charge point, newest first."""

    frames: list[TracedFrame]


class FieldError(_Answer):
    """One thing that is wrong with the request, and where."""

    field: str
    message: str


class Problem(_Answer):
    """An error (RFC 9457); `detail` says what to do next."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Entity",
                    "status": 422,
                    "detail": "correct limit (see errors) and send the request again",
                    "instance": "/v1/stations",
                    "request_id": "0f8fad5bd9cb469fa16570867728950e",
                    "errors": [{"field": "limit", "message": "Input should be less than or equal to 500"}],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldError]
