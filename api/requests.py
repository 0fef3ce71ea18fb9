"""What a client may send: bodies and query parameters, strict, unknown names refused."""

import functools
import zoneinfo
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api import ids
from shared.documents import Registration
from shared.status import Connectivity, Health, Status

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


StationId = Annotated[str, Field(pattern=ids.STATION_PATTERN), AfterValidator(_no_dots)]
ChargePointId = Annotated[
    str, Field(pattern=ids.CHARGE_POINT_PATTERN, description="matched case-insensitively"), AfterValidator(_no_dots)
]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_CONTROLS)]
Address = Annotated[str, Field(max_length=500, pattern=_NO_CONTROLS_BUT_LINES)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
TimeZone = Annotated[str, Field(description="IANA name"), AfterValidator(_known_zone)]
Password = Annotated[
    str,
    Field(
        pattern=r"^[ -~]{16,64}$",
        description="16 to 64 printable ASCII characters; best a key of 40 random hex digits. Never given out",
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


class NewChargePoint(_Body):
    """A charge point to be."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "CP1", "password": "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"}]}
    )

    id: ChargePointId
    password: Password | None = Field(default=None, repr=False)
    registration: Registration = "ACCEPTED"


class ChargePointPatch(_Body):
    """Merge patch (RFC 7396): what is absent stays, null clears."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"station_id": "alexanderplatz"}]})

    station_id: StationId | None = Field(default=None, description="the station it moves to; null: none")
    password: Password | None = Field(default=None, repr=False, description="null removes it")
    registration: Registration = Field(default_factory=lambda: "ACCEPTED", description="cannot be cleared")


class _Filters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    status: list[Status] = Field(default=[], description="any of these")
    health: list[Health] = Field(default=[], description="any of these")
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=200, description="next_cursor of the page before")


class StationFilters(_Filters):
    """Which stations a list shows."""

    operative: bool | None = Field(
        default=None, description="false: some charge point of it was last asked to be inoperative; true: none"
    )
    q: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=_NO_CONTROLS,
        description="begins the id, or a word of name or address; case does not matter",
    )
    expand: Literal["charge_points"] | None = Field(default=None, description="whole documents, with charge points")


class ChargePointFilters(_Filters):
    """Which charge points a list shows."""

    connectivity: list[Connectivity] = Field(default=[], description="any of these")
    operative: bool | None = Field(default=None, description="what it was last asked to be")
    unassigned: bool | None = Field(default=None, description="true: those without a station")
    q: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=_NO_CONTROLS,
        description="begins the id; case does not matter",
    )
