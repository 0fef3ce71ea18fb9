"""Pages of stations and charge points, for OpenAPI alone."""

from pydantic import ConfigDict, Field

from api.http.schemas import Answer
from api.inventory.answers import CHARGE_POINT, STATION_ITEM, ChargePoint, StationItem

_DISTANCE_M = Field(default=None, description="only with `near`: great-circle distance in metres")
_CURSOR = "czphbGV4YW5kZXJwbGF0eg"


class ListedStation(StationItem):
    """A station in a list."""

    charge_points: list[ChargePoint] = Field(default=[], description="only with `expand=charge_points`")
    distance_m: float | None = _DISTANCE_M


class ListedChargePoint(ChargePoint):
    """A charge point in a list."""

    distance_m: float | None = _DISTANCE_M


class StationPage(Answer):
    """Some of the stations, in the order asked for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [STATION_ITEM], "next_cursor": _CURSOR}]})

    items: list[ListedStation]
    next_cursor: str | None = Field(description="null on the last page")


class ChargePointPage(Answer):
    """Some of the charge points, in the order asked for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [CHARGE_POINT], "next_cursor": None}]})

    items: list[ListedChargePoint]
    next_cursor: str | None = Field(description="null on the last page")
