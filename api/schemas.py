"""What the API answers, for OpenAPI alone: documents are served as the bytes that are stored.

A test holds these against ``shared.documents``, which makes the bytes.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from shared.documents import Registration
from shared.status import Connectivity, Health, Reason, Status

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


class StationPage(_Answer):
    """Some of the stations, by id."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_STATION_ITEM], "next_cursor": _CURSOR}]})

    items: list[Station | StationItem]
    next_cursor: str | None = Field(description="null on the last page")


class ChargePointPage(_Answer):
    """Some of the charge points, by id."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_CHARGE_POINT], "next_cursor": None}]})

    items: list[ChargePoint]
    next_cursor: str | None = Field(description="null on the last page")


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
