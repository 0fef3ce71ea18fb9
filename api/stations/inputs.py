"""Which stations and charge points a list shows."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from api.http.ids import StationId
from api.http.inputs import NO_CONTROLS, AnyOf, Paging, Plain
from api.http.times import Moment
from shared.words import places
from shared.words.documents import Registration
from shared.words.status import Connectivity, Health, Status


def _point(text: str) -> str:
    places.point(text)
    return text


def _box(text: str) -> str:
    places.box(text)
    return text


Near = Annotated[str, AfterValidator(_point), Field(max_length=100, examples=["52.5219,13.4132"])]
Within = Annotated[str, AfterValidator(_box), Field(max_length=100, examples=["13.3,52.4,13.5,52.6"])]


Device = Annotated[str, Field(min_length=1, max_length=100, pattern=NO_CONTROLS)]
ErrorCode = Annotated[str, Field(min_length=1, max_length=64, pattern=NO_CONTROLS)]
Protocol = Literal["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]


class Filters(Paging):
    """What both lists can be narrowed by."""

    status: AnyOf[Status] = Field(default=[], description="any of these")
    health: AnyOf[Health] = Field(default=[], description="any of these")
    near: Near | None = Field(
        default=None,
        description="`lat,lon` of the station: sorts by distance, and each item carries `distance_m`",
    )
    radius_m: Annotated[float, Plain] | None = Field(
        default=None, gt=0, le=places.MAX_RADIUS_M, allow_inf_nan=False, description="around `near`; default 1000"
    )
    bbox: Within | None = Field(
        default=None,
        description="`min_lon,min_lat,max_lon,max_lat` of the station, edges included; "
        "a `min_lon` greater than `max_lon` is a box over the antimeridian",
    )
    updated_since: Moment | None = Field(
        default=None, description="its document was changed then or later; ask with some seconds to spare"
    )
    count: bool = Field(default=False, description="also says in `total` how many there are on all pages")
    cursor: str | None = Field(default=None, max_length=4000, description="next_cursor of the page before")


class StationFilters(Filters):
    """Which stations a list shows."""

    connectivity: AnyOf[Connectivity] = Field(
        default=[], description="some charge point of the station is any of these; NEVER: it has not connected yet"
    )
    operative: bool | None = Field(
        default=None,
        description="false: some charge point of it was last asked to be inoperative and did not refuse; true: none",
    )
    q: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=NO_CONTROLS,
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

    connectivity: AnyOf[Connectivity] = Field(default=[], description="any of these")
    operative: bool | None = Field(default=None, description="what it was last asked to be and did not refuse")
    protocol: AnyOf[Protocol] = Field(default=[], description="any of these")
    vendor: Device | None = Field(default=None, description="exactly this one; case does not matter")
    model: Device | None = Field(default=None, description="exactly this one; case does not matter")
    firmware: Device | None = Field(default=None, description="exactly this one; case does not matter")
    registration: AnyOf[Registration] = Field(default=[], description="any of these")
    error_code: ErrorCode | None = Field(
        default=None, description="the last report of some place of it has this one, such as `GroundFailure`"
    )
    flapping: bool | None = Field(default=None, description="the word of some place of it changes too often")
    stuck: bool | None = Field(
        default=None, description="a car stands there for too long without charging, or it reports no place at all"
    )
    unassigned: bool | None = Field(default=None, description="true: those without a station")
    station_id: StationId | None = Field(default=None, description="those of this station; none if there is no such")
    q: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=NO_CONTROLS,
        description="each word of it begins a word of the id; case and punctuation do not matter",
        examples=["cp"],
    )


class ConnectorFilters(Paging):
    """Which connectors a list shows."""

    status: AnyOf[Status] = Field(default=[], description="any of these")
    error_code: ErrorCode | None = Field(default=None, description="its last report has this one")
    flapping: bool | None = Field(default=None, description="its word changes too often")
    stuck: bool | None = Field(default=None, description="a car stands there for too long without charging")
    station_id: StationId | None = Field(default=None, description="those of this station; none if there is no such")
    count: bool = Field(default=False, description="also says in `total` how many there are on all pages")
