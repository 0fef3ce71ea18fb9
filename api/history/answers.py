"""Lines of history, and numbers, as they are answered."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from api.http.pages import Page
from api.reference.schemas import AT, Instant
from shared.words.status import Connectivity, Health, Status

from .inputs import HistoryKind


class HistoryLine(Struct, frozen=True):
    """One thing that changed, as it was reported; a charge point as a whole has no `evse_id`, or 0."""

    id: int
    kind: Annotated[
        HistoryKind,
        Meta(description="STATUS of a connector, of the charge point (CONNECTOR_0) or an EVSE; or CONNECTIVITY"),
    ]
    charge_point_id: str
    evse_id: int | None
    connector_id: int | None
    reported: Annotated[str, Meta(description="the charger's word; of CONNECTIVITY: ONLINE or OFFLINE")]
    normalized: Status | None
    error_code: str | None
    vendor_error_code: str | None
    vendor_id: str | None
    info: str | None
    event_time: Annotated[Instant, Meta(description="when it happened: the charger's time if that can be believed")]
    reported_at: Annotated[Instant | None, Meta(description="the charger's time, if in the years 1970 to 2200")]
    reported_at_text: Annotated[str | None, Meta(description="the charger's time as it sent it, 64 characters at most")]
    received_at: Annotated[Instant, Meta(description="when it was received; for OFFLINE, when it was found")]
    flags: Annotated[Sequence[str], Meta(description="`late`, `clock_suspect`")]
    station_id: Annotated[
        str | UnsetType | None, Meta(description="only in the history of the network: where it is now")
    ] = UNSET
    life: Annotated[
        int | UnsetType,
        Meta(description="only with `include_deleted`: which of those that bore the id, 1 the first"),
    ] = UNSET


class SeriesPoint(Struct, frozen=True):
    """What there was at the end of a step."""

    at: Instant
    connectors: Mapping[Status, int]
    charge_points: Mapping[Connectivity, int]


class SeriesDocument(Struct, frozen=True, rename={"from_": "from"}):
    """Counts at the end of each step from `from` to `to`, which is never after now."""

    from_: Instant
    to: Instant
    step_s: int
    points: Sequence[SeriesPoint]


class StationStats(Struct, frozen=True):
    """How many stations, by status and by health."""

    total: int
    status: Mapping[Status, int]
    health: Mapping[Health, int]


class ChargePointStats(StationStats, frozen=True):
    """How many charge points, by status, health and connectivity."""

    connectivity: Mapping[Connectivity, int]


class PlugStats(Struct, frozen=True):
    """How many EVSEs or connectors, by status."""

    total: int
    status: Mapping[Status, int]


class StatsDocument(Struct, frozen=True):
    """The whole network in numbers; every status, health and connectivity is there, if only as 0."""

    stations: StationStats
    charge_points: ChargePointStats
    evses: PlugStats
    connectors: PlugStats


HISTORY = Page(
    items=[
        HistoryLine(
            id=4711,
            kind="STATUS",
            charge_point_id="CP1",
            evse_id=1,
            connector_id=1,
            reported="Charging",
            normalized="OCCUPIED",
            error_code="NoError",
            vendor_error_code=None,
            vendor_id=None,
            info=None,
            event_time=AT,
            reported_at=AT,
            reported_at_text=AT,
            received_at=AT,
            flags=[],
        )
    ],
    next_cursor=None,
)
NETWORK = Page(items=[structs.replace(HISTORY.items[0], station_id="alexanderplatz")], next_cursor=None)
_STATUSES: Mapping[Status, int] = {
    "AVAILABLE": 7,
    "OCCUPIED": 2,
    "RESERVED": 0,
    "UNAVAILABLE": 0,
    "FAULTED": 1,
    "UNKNOWN": 0,
}
_CONNECTIVITY: Mapping[Connectivity, int] = {"ONLINE": 4, "OFFLINE": 1, "NEVER": 0}
_HEALTH: Mapping[Health, int] = {"OK": 9, "DEGRADED": 0, "DOWN": 1, "UNKNOWN": 0}
SERIES = SeriesDocument(
    from_="2026-03-01T08:00:00.000Z",
    to="2026-03-01T08:15:00.000Z",
    step_s=900,
    points=[SeriesPoint("2026-03-01T08:15:00.000Z", _STATUSES, _CONNECTIVITY)],
)
STATS = StatsDocument(
    stations=StationStats(10, _STATUSES, _HEALTH),
    charge_points=ChargePointStats(10, _STATUSES, _HEALTH, {"ONLINE": 9, "OFFLINE": 1, "NEVER": 0}),
    evses=PlugStats(10, _STATUSES),
    connectors=PlugStats(10, _STATUSES),
)
