"""Stations and charge points as lists show them."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, structs

from api.http.pages import Page
from api.inventory.answers import CHARGE_POINT, STATION
from shared.words.documents import ChargePointDocument, StationItem

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


STATIONS = Page(
    items=[ListedStation(**{name: getattr(STATION, name) for name in StationItem.__struct_fields__})],
    next_cursor="czphbGV4YW5kZXJwbGF0eg",
)
CHARGE_POINTS = Page(items=[ListedChargePoint(**structs.asdict(CHARGE_POINT))], next_cursor=None)
