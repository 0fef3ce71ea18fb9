"""What a client may send to have the inventory changed."""

import functools
import zoneinfo
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from api.http.ids import ChargePointId, StationId
from api.http.inputs import NO_CONTROLS, NO_CONTROLS_BUT_LINES, PRINTABLE, Body, Plain
from shared.credentials import passwords
from shared.words.documents import Registration

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_CONTROLS)]


@functools.cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _known_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError("not an IANA time zone: use a name such as Europe/Berlin")
    return name


Address = Annotated[str, Field(max_length=500, pattern=NO_CONTROLS_BUT_LINES)]
Latitude = Annotated[float, Plain, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Plain, Field(ge=-180, le=180, allow_inf_nan=False)]
TimeZone = Annotated[str, Field(description="IANA name"), AfterValidator(_known_zone)]
Password = Annotated[
    str,
    Field(
        min_length=16,
        max_length=64,
        pattern=PRINTABLE,
        description="16 to 64 printable ASCII characters; best generated. Never given out",
        json_schema_extra={"writeOnly": True},
    ),
]


class NewStation(Body):
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


class StationPatch(Body):
    """Merge patch (RFC 7396): what is absent stays, null clears."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Alexanderplatz P3", "address": None}]})

    name: Name = Field(default_factory=str, description="cannot be cleared")
    address: Address | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    time_zone: TimeZone | None = None


class WithPassword(Body):
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
