"""A station as it is read, and a charge point as it comes back from a change; and examples."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api.reference.schemas import AT
from shared.words.documents import (
    ChargePointDocument,
    Connector0Document,
    ConnectorDocument,
    EvseDocument,
    StationItem,
)


class Station(StationItem, frozen=True):
    """A station with all its charge points."""

    charge_points: Sequence[ChargePointDocument]


class EditedChargePoint(ChargePointDocument, frozen=True):
    """A charge point, and the password that was made for it."""

    password: Annotated[
        str | UnsetType, Meta(description="only where `generate_password` was asked for; it is never given out again")
    ] = UNSET


_CONNECTOR = ConnectorDocument(
    id=1,
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
)
CHARGE_POINT = ChargePointDocument(
    id="CP1",
    station_id="alexanderplatz",
    protocol="ocpp1.6",
    vendor="Acme",
    model="Two Plugs",
    firmware="1.4.2",
    revision=1234,
    connectivity="ONLINE",
    connectivity_since=AT,
    last_seen_at=AT,
    has_password=True,
    status="AVAILABLE",
    since=AT,
    health="OK",
    counts={"AVAILABLE": 1},
    connector0=Connector0Document(reported="Available", error_code="NoError", since=AT),
    evses=(EvseDocument(id=1, status="AVAILABLE", reported=None, since=AT, connectors=(_CONNECTOR,)),),
)
STATION = Station(
    id="alexanderplatz",
    name="Alexanderplatz P2",
    address="Alexanderplatz 1, 10178 Berlin",
    latitude=52.5219,
    longitude=13.4132,
    time_zone="Europe/Berlin",
    status="AVAILABLE",
    since=AT,
    health="OK",
    partially_available=False,
    counts={"AVAILABLE": 1},
    connectivity_counts={"ONLINE": 1},
    revision=1235,
    updated_at=AT,
    charge_points=[CHARGE_POINT],
)
