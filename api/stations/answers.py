"""Stations and charge points as lists show them."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from api.http.pages import Page
from api.inventory.answers import CHARGE_POINT, STATION
from api.reference.schemas import AT
from shared.words.documents import ChargePointDocument, Instant, StationItem
from shared.words.status import Reason, Status

Distance = Annotated[float | UnsetType, Meta(description="only with `near`: great-circle distance in metres")]


class ListedStation(StationItem, frozen=True):
    """A station in a list."""

    charge_points: Annotated[
        Sequence[ChargePointDocument] | UnsetType, Meta(description="only with `expand=charge_points`")
    ] = UNSET
    distance_m: Distance = UNSET


class ListedChargePoint(ChargePointDocument, frozen=True):
    """A charge point in a list."""

    distance_m: Distance = UNSET


class ListedConnector(Struct, frozen=True):
    """A connector: its own word (`reported`) and what it comes to (`status`, and why: `reason`), and where it is."""

    station_id: str | None
    charge_point_id: str
    evse_id: int
    connector_id: int
    reported: str
    normalized: Status
    status: Status
    reason: Reason | None
    error_code: str | None
    vendor_error_code: str | None
    vendor_id: str | None
    info: str | None
    since: Instant | None
    reported_at: Instant | None
    received_at: Instant
    flapping: bool
    stuck: bool


STATIONS = Page(
    items=[ListedStation(**{name: getattr(STATION, name) for name in StationItem.__struct_fields__})],
    next_cursor="czphbGV4YW5kZXJwbGF0eg",
)
CHARGE_POINTS = Page(items=[ListedChargePoint(**structs.asdict(CHARGE_POINT))], next_cursor=None)
CONNECTORS = Page(
    items=[
        ListedConnector(
            station_id="alexanderplatz",
            charge_point_id="CP1",
            evse_id=1,
            connector_id=1,
            reported="Available",
            normalized="AVAILABLE",
            status="AVAILABLE",
            reason="OWN",
            error_code="NoError",
            vendor_error_code=None,
            vendor_id=None,
            info=None,
            since=AT,
            reported_at=AT,
            received_at=AT,
            flapping=False,
            stuck=False,
        )
    ],
    next_cursor=None,
    total=1,
)
