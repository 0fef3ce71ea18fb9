"""Which lines of history are shown, and over what time is counted."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from api.http import times
from api.http.ids import ChargePointId, StationId
from api.http.inputs import NO_CONTROLS, AnyOf, Paging, Plain
from api.http.times import Moment, Period
from shared.words.status import Status

Step = Annotated[
    int,
    BeforeValidator(times.step),
    WithJsonSchema({"type": "string", "pattern": times.STEP_PATTERN}),
]
Reported = Annotated[str, Field(min_length=1, max_length=64, pattern=NO_CONTROLS)]
ErrorCode = Annotated[str, Field(min_length=1, max_length=64, pattern=NO_CONTROLS)]
HistoryKind = Literal["STATUS", "CONNECTOR_0", "EVSE", "CONNECTIVITY"]


class LineFilters(Paging, Period):
    """Which lines of whatever history are shown."""

    from_: Moment | None = Field(default=None, alias="from", description="received then or later")
    to: Moment | None = Field(default=None, description="received before then")
    kind: AnyOf[HistoryKind] = Field(default=[], description="any of these")


class NetworkFilters(LineFilters):
    """Which lines of the whole network are shown."""

    status: AnyOf[Status] = Field(default=[], description="`normalized` is any of these")
    reported: AnyOf[Reported] = Field(
        default=[], max_length=50, description="the very word; of CONNECTIVITY: ONLINE or OFFLINE"
    )
    error_code: ErrorCode | None = Field(default=None, description="exactly this one")


class HistoryFilters(LineFilters):
    """Which lines of a history are shown."""

    evse_id: Annotated[int, Plain] | None = Field(default=None, ge=0, le=32767)
    connector_id: Annotated[int, Plain] | None = Field(default=None, ge=0, le=32767)
    include_deleted: bool = Field(
        default=False,
        description="also what bore this id before and was deleted; each item then carries `life`",
    )


class SeriesFilters(Period):
    """Over what time, in which steps, and of what."""

    model_config = ConfigDict(extra="forbid")

    from_: Moment | None = Field(default=None, alias="from", description="default: a day before `to`")
    to: Moment | None = Field(default=None, description="default, and at most: now")
    step: Step = Field(
        default="15m",
        validate_default=True,
        description="`1m` to `1d`: minutes, hours or a day; at most 1,000 of them",
        examples=["15m"],
    )
    station_id: StationId | None = Field(default=None, description="only the charge points that it has now")
    charge_point_id: ChargePointId | None = Field(default=None, description="only this one")
