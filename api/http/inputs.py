"""What a client may send: bodies and query parameters, strict, unknown names refused."""

import functools
import zoneinfo
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from api.http import ids, times
from api.live.events import EventKind, Wanted
from api.stations import places
from shared.credentials import passwords
from shared.words.documents import Registration
from shared.words.status import Connectivity, Health, Status

_NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]*$"
_NO_CONTROLS_BUT_LINES = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$"


@functools.cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _known_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError("not an IANA time zone: use a name such as Europe/Berlin")
    return name


def _no_dots(text: str) -> str:
    if text in ids.DOTS:
        raise ValueError("'.' and '..' cannot stand in a path: choose another id")
    return text


def _point(text: str) -> str:
    places.point(text)
    return text


def _box(text: str) -> str:
    places.box(text)
    return text


StationId = Annotated[str, Field(pattern=ids.STATION_PATTERN), AfterValidator(_no_dots)]
ChargePointId = Annotated[
    str, Field(pattern=ids.CHARGE_POINT_PATTERN, description="matched case-insensitively"), AfterValidator(_no_dots)
]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_CONTROLS)]
Address = Annotated[str, Field(max_length=500, pattern=_NO_CONTROLS_BUT_LINES)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
TimeZone = Annotated[str, Field(description="IANA name"), AfterValidator(_known_zone)]
Near = Annotated[str, AfterValidator(_point), Field(max_length=100, examples=["52.5219,13.4132"])]
Within = Annotated[str, AfterValidator(_box), Field(max_length=100, examples=["13.3,52.4,13.5,52.6"])]
Moment = Annotated[
    datetime,
    BeforeValidator(times.moment),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "RFC 3339; without an offset: UTC"}),
]
Step = Annotated[
    int,
    BeforeValidator(times.step),
    WithJsonSchema({"type": "string", "pattern": times.STEP_PATTERN}),
]
HistoryKind = Literal["STATUS", "CONNECTOR_0", "EVSE", "CONNECTIVITY"]
Password = Annotated[
    str,
    Field(
        pattern=r"^[ -~]{16,64}$",
        description="16 to 64 printable ASCII characters; best generated. Never given out",
        json_schema_extra={"writeOnly": True},
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    def given(self) -> dict[str, Any]:
        """The fields that the client sent, null or not."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class NewStation(_Body):
    """A station to be. Latitude and longitude come together or not at all."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "alexanderplatz",
                    "name": "Alexanderplatz P2",
                    "address": "Alexanderplatz 1, 10178 Berlin",
                    "latitude": 52.5219,
                    "longitude": 13.4132,
                    "time_zone": "Europe/Berlin",
                }
            ]
        }
    )

    id: StationId | None = Field(default=None, description="generated when absent")
    name: Name
    address: Address | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    time_zone: TimeZone | None = None


class StationPatch(_Body):
    """Merge patch (RFC 7396): what is absent stays, null clears."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Alexanderplatz P3", "address": None}]})

    name: Name = Field(default_factory=str, description="cannot be cleared")
    address: Address | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    time_zone: TimeZone | None = None


class WithPassword(_Body):
    """A body that sets a password, or has one made."""

    password: Password | None = Field(default=None, repr=False, description="null: none")
    generate_password: Literal[True] | None = Field(
        default=None,
        description="makes a random key of 40 hex digits and gives it out in this answer as `password`, once; "
        "not together with `password`",
    )

    @field_validator("generate_password")
    @classmethod
    def _one_of_both(cls, value: bool | None, info: ValidationInfo) -> bool | None:
        if value and info.data.get("password") is not None:
            raise ValueError("give `password` or `generate_password`, not both")
        return value

    def with_generated(self) -> tuple[Self, str | None]:
        """The body with the password that it wants made, if it wants one, and that password."""
        if not self.generate_password:
            return self, None
        made = passwords.generated()
        return self.model_copy(update={"password": made}), made


class NewChargePoint(WithPassword):
    """A charge point to be."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "CP1", "password": "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"}]}
    )

    id: ChargePointId
    registration: Registration = "ACCEPTED"


class ChargePointPatch(WithPassword):
    """Merge patch (RFC 7396): what is absent stays, null clears."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"station_id": "alexanderplatz"}]})

    station_id: StationId | None = Field(default=None, description="the station it moves to; null: none")
    registration: Registration = Field(default_factory=lambda: "ACCEPTED", description="cannot be cleared")


class Filters(BaseModel):
    """What both lists can be narrowed by."""

    model_config = ConfigDict(extra="forbid")

    status: list[Status] = Field(default=[], description="any of these")
    health: list[Health] = Field(default=[], description="any of these")
    near: Near | None = Field(
        default=None,
        description="`lat,lon` of the station: sorts by distance, and each item carries `distance_m`",
    )
    radius_m: float | None = Field(
        default=None, gt=0, le=places.MAX_RADIUS_M, allow_inf_nan=False, description="around `near`; default 1000"
    )
    bbox: Within | None = Field(
        default=None,
        description="`min_lon,min_lat,max_lon,max_lat` of the station, edges included; "
        "a `min_lon` greater than `max_lon` is a box over the antimeridian",
    )
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=4000, description="next_cursor of the page before")


class StationFilters(Filters):
    """Which stations a list shows."""

    connectivity: list[Connectivity] = Field(
        default=[], description="some charge point of the station is any of these; NEVER: it has not connected yet"
    )
    operative: bool | None = Field(
        default=None, description="false: some charge point of it was last asked to be inoperative; true: none"
    )
    q: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=_NO_CONTROLS,
        description="each word of it begins a word of id, name or address; case and punctuation do not matter",
        examples=["alex 10178"],
    )
    sort: Literal["id", "name"] | None = Field(
        default=None,
        description="default id; names in lower case. What changes by itself (`updated_at`) is no order to page by",
    )
    expand: Literal["charge_points"] | None = Field(default=None, description="whole documents, with charge points")


class ChargePointFilters(Filters):
    """Which charge points a list shows."""

    connectivity: list[Connectivity] = Field(default=[], description="any of these")
    operative: bool | None = Field(default=None, description="what it was last asked to be")
    unassigned: bool | None = Field(default=None, description="true: those without a station")
    station_id: StationId | None = Field(default=None, description="those of this station; none if there is no such")
    q: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=_NO_CONTROLS,
        description="each word of it begins a word of the id; case and punctuation do not matter",
        examples=["cp"],
    )


class HistoryFilters(BaseModel):
    """Which lines of a history are shown."""

    model_config = ConfigDict(extra="forbid")

    from_: Moment | None = Field(default=None, alias="from", description="received then or later")
    to: Moment | None = Field(default=None, description="received before then")
    kind: list[HistoryKind] = Field(default=[], description="any of these")
    evse_id: int | None = Field(default=None, ge=0, le=32767)
    connector_id: int | None = Field(default=None, ge=0, le=32767)
    include_deleted: bool = Field(
        default=False,
        description="also what bore this id before and was deleted; each item then carries `life`",
    )
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=200, description="next_cursor of the page before")


class SeriesFilters(BaseModel):
    """Over what time, in which steps, and of what."""

    model_config = ConfigDict(extra="forbid")

    from_: Moment | None = Field(default=None, alias="from", description="default: a day before `to`")
    to: Moment | None = Field(default=None, description="default, and at most: now")
    step: Step = Field(
        default=900, description="`1m` to `1d`: minutes, hours or a day; at most 1,000 of them", examples=["15m"]
    )
    station_id: StationId | None = Field(default=None, description="only the charge points that it has now")
    charge_point_id: ChargePointId | None = Field(default=None, description="only this one")


class TraceSwitch(_Body):
    """Whether a charge point's frames are kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": True}]})

    enabled: bool


class StreamFilters(BaseModel):
    """Which changes a stream tells of: those that match every filter given."""

    model_config = ConfigDict(extra="forbid")

    station_id: list[str] = Field(default=[], max_length=500, description="any of these; its charge points, too")
    charge_point_id: list[str] = Field(default=[], max_length=500, description="any of these; case does not matter")
    event: list[EventKind] = Field(default=[], description="any of these; `reset` comes in any case")

    def wanted(self) -> Wanted:
        """As the stream knows it."""
        return Wanted(
            frozenset(self.station_id),
            frozenset(one.lower() for one in self.charge_point_id),
            frozenset(self.event),
        )
