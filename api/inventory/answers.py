"""Documents as OpenAPI tells of them: they are served as the bytes that are stored.

A test holds these against ``shared.words.documents``, which makes the bytes.
"""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.http.schemas import AT, Answer
from shared.words.documents import Registration
from shared.words.status import Connectivity, Health, Reason, Status

_CONNECTOR: JsonDict = {
    "id": 1,
    "reported": "Available",
    "normalized": "AVAILABLE",
    "status": "AVAILABLE",
    "reason": "OWN",
    "error_code": "NoError",
    "vendor_error_code": None,
    "vendor_id": None,
    "info": None,
    "since": AT,
    "reported_at": AT,
    "received_at": AT,
}
CHARGE_POINT: JsonDict = {
    "id": "CP1",
    "station_id": "alexanderplatz",
    "protocol": "ocpp1.6",
    "vendor": "Acme",
    "model": "Two Plugs",
    "firmware": "1.4.2",
    "hardware": 1,
    "revision": 1234,
    "connectivity": "ONLINE",
    "connectivity_since": AT,
    "last_seen_at": AT,
    "registration": "ACCEPTED",
    "has_password": True,
    "operative": True,
    "intent": None,
    "identity_conflict": False,
    "status": "AVAILABLE",
    "since": AT,
    "health": "OK",
    "partially_available": False,
    "counts": {"AVAILABLE": 1},
    "connector0": {"reported": "Available", "error_code": "NoError", "since": AT},
    "evses": [{"id": 1, "status": "AVAILABLE", "reported": None, "since": AT, "connectors": [_CONNECTOR]}],
}
STATION_ITEM: JsonDict = {
    "id": "alexanderplatz",
    "name": "Alexanderplatz P2",
    "address": "Alexanderplatz 1, 10178 Berlin",
    "latitude": 52.5219,
    "longitude": 13.4132,
    "time_zone": "Europe/Berlin",
    "status": "AVAILABLE",
    "since": AT,
    "health": "OK",
    "partially_available": False,
    "counts": {"AVAILABLE": 1},
    "connectivity_counts": {"ONLINE": 1},
    "revision": 1235,
    "updated_at": AT,
}
Counts = Annotated[dict[Status, int], Field(description="EVSEs by status, without zeros")]


class Connector(Answer):
    """A connector: its own word (`reported`) and what it comes to (`status`, and why: `reason`)."""

    id: int
    reported: str
    normalized: Status
    status: Status
    reason: Reason
    error_code: str | None
    vendor_error_code: str | None
    vendor_id: str | None
    info: str | None
    since: datetime
    reported_at: datetime | None
    received_at: datetime


class Evse(Answer):
    """An EVSE serves one car at a time; `reported` is a report about the EVSE as a whole."""

    id: int
    status: Status
    reported: str | None
    since: datetime
    connectors: list[Connector]


class Connector0(Answer):
    """The last report about the charge point as a whole."""

    reported: str
    error_code: str | None
    since: datetime


class Intent(Answer):
    """What was asked of the charge point and still waits for its answer."""

    operative: bool
    note: str | None
    since: datetime


class ChargePoint(Answer):
    """A charge point, its EVSEs and connectors."""

    model_config = ConfigDict(json_schema_extra={"examples": [CHARGE_POINT]})

    id: str
    station_id: str | None
    protocol: str | None
    vendor: str | None
    model: str | None
    firmware: str | None
    hardware: int = Field(description="goes up with each other device under this id")
    revision: int
    connectivity: Connectivity
    connectivity_since: datetime | None
    last_seen_at: datetime | None
    registration: Registration
    has_password: bool = Field(description="a charger must authenticate with it; it is never given out")
    operative: bool = Field(description="what was last asked of it")
    intent: Intent | None
    identity_conflict: bool = Field(description="two devices seem to bear this id: their sockets replace each other")
    status: Status
    since: datetime | None = Field(description="since when it has this status")
    health: Health
    partially_available: bool
    counts: Counts
    connector0: Connector0 | None
    evses: list[Evse]


class StationItem(Answer):
    """A station in a list; `charge_points` only with `expand=charge_points`."""

    model_config = ConfigDict(json_schema_extra={"examples": [STATION_ITEM]})

    id: str
    name: str
    address: str | None
    latitude: float | None
    longitude: float | None
    time_zone: str | None
    status: Status
    since: datetime = Field(description="since when it has this status")
    health: Health
    partially_available: bool
    counts: Counts
    connectivity_counts: dict[Connectivity, int] = Field(description="charge points by connectivity, without zeros")
    revision: int
    updated_at: datetime


class Station(StationItem):
    """A station with all its charge points."""

    model_config = ConfigDict(json_schema_extra={"examples": [STATION_ITEM | {"charge_points": [CHARGE_POINT]}]})

    charge_points: list[ChargePoint]


class EditedChargePoint(ChargePoint):
    """A charge point, and the password that was made for it."""

    password: str | None = Field(
        default=None, description="only where `generate_password` was asked for; it is never given out again"
    )
