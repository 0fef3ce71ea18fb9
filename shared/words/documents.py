"""The documents served: their fields, their order, their bytes. Pure.

A charge point document is written by whoever changes the charge point and stored beside it; a
station document is its inventory, its rolled-up status, and the documents of its charge points.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import Meta, Struct, structs

from .status import (
    Connectivity,
    Counts,
    Health,
    Reason,
    Status,
    count,
    health_of,
    partially_available,
    rolled_up,
    summed,
)

Registration = Literal["ACCEPTED", "PENDING", "REJECTED"]

Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]  #: RFC 3339, UTC, ms

encode = msgspec.json.Encoder().encode


class Intent(Struct, frozen=True):
    """What was asked of the charge point and still waits for its answer."""

    operative: bool
    note: str | None
    since: Instant


class PlacedIntent(Intent, frozen=True):
    """The same with its place (0, 0: the charge point; connector 0: an EVSE as a whole) and the charger's answer."""

    evse_id: int
    connector_id: int
    result: Annotated[str | None, Meta(description="Accepted, Scheduled or Rejected; null: it has not answered yet")]


class OutOfService(Struct, frozen=True):
    """What an operator took out of service, and why; as long as it is out. The place as above."""

    note: str | None
    by: Annotated[str | None, Meta(description="the name of the token")]
    since: Instant
    evse_id: int
    connector_id: int


class ConnectorDocument(Struct, frozen=True):
    """A connector: its own word (``reported``) and what it comes to (``status``, and why)."""

    id: int
    reported: str
    normalized: Status
    status: Status
    reason: Reason
    error_code: str | None
    vendor_error_code: str | None
    vendor_id: str | None
    info: str | None
    since: Instant
    reported_at: Instant | None
    received_at: Instant
    flapping: Annotated[bool, Meta(description="its word changed too often in the last 10 minutes")] = False
    stuck: Annotated[
        bool, Meta(description="OCCUPIED, and for hours Preparing, SuspendedEV, SuspendedEVSE or Finishing (1.6)")
    ] = False


class EvseDocument(Struct, frozen=True):
    """An EVSE serves one car at a time; ``reported`` is a report about the EVSE as a whole."""

    id: int
    status: Status
    reported: str | None
    since: Instant
    connectors: tuple[ConnectorDocument, ...]


class Connector0Document(Struct, frozen=True):
    """The last report about the charge point as a whole (1.6 connector 0, 2.x station level)."""

    reported: str
    error_code: str | None
    since: Instant


class ChargePointDocument(Struct, frozen=True):
    """A charge point as ``GET /v1/charge-points/{id}`` gives it."""

    id: str
    station_id: str | None
    protocol: str | None = None
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    hardware: Annotated[int, Meta(description="goes up with each other device under this id")] = 1
    revision: int = 0
    connectivity: Connectivity = "NEVER"
    connectivity_since: Instant | None = None
    last_seen_at: Instant | None = None
    registration: Registration = "ACCEPTED"
    has_password: Annotated[bool, Meta(description="a charger must authenticate with it; it is never given out")] = (
        False
    )
    operative: Annotated[bool, Meta(description="what was last asked of it and not refused")] = True
    intent: Intent | None = None
    intents: Annotated[
        tuple[PlacedIntent, ...],
        Meta(description="all that its statuses do not agree with yet, and what it refused last"),
    ] = ()
    out_of_service: Annotated[
        tuple[OutOfService, ...], Meta(description="as long as it is out, whatever was asked since")
    ] = ()
    identity_conflict: Annotated[
        bool, Meta(description="two devices seem to bear this id: their sockets replace each other")
    ] = False
    status: Status = "UNKNOWN"
    since: Annotated[Instant | None, Meta(description="since when it has this status")] = None
    health: Health = "UNKNOWN"
    partially_available: bool = False
    counts: Annotated[dict[Status, int], Meta(description="EVSEs by status, without zeros")] = {}
    connector0: Connector0Document | None = None
    evses: tuple[EvseDocument, ...] = ()
    flapping: Annotated[bool, Meta(description="some place of it is, be it an EVSE or the charge point itself")] = False
    stuck: Annotated[
        bool, Meta(description="some connector of it is, or it is ONLINE, was asked, and reported no place at all")
    ] = False

    def with_(self, **changes: Any) -> Self:
        """The same with other fields."""
        return structs.replace(self, **changes)


class StationItem(Struct, frozen=True):
    """A station as a list gives it: without its charge points."""

    id: str
    name: str
    address: str | None
    latitude: float | None
    longitude: float | None
    time_zone: str | None
    status: Status
    since: Annotated[Instant, Meta(description="since when it has this status")]
    health: Health
    partially_available: bool
    counts: Annotated[dict[Status, int], Meta(description="EVSEs by status, without zeros")]
    connectivity_counts: Annotated[
        dict[Connectivity, int], Meta(description="charge points by connectivity, without zeros")
    ]
    revision: int
    updated_at: Instant


class StationDocument(StationItem, frozen=True):
    """A station as ``GET /v1/stations/{id}`` gives it; ``charge_points`` are documents as stored."""

    charge_points: tuple[msgspec.Raw, ...]


class Contribution(Struct, frozen=True):
    """What one charge point adds to its station."""

    status: Status
    evse_counts: Counts


class Rollup(Struct, frozen=True):
    """A station's status over all its charge points."""

    status: Status
    health: Health
    partially_available: bool
    counts: dict[Status, int]


def roll_up(charge_points: Iterable[Contribution]) -> Rollup:
    """Sums EVSEs, never statuses that are rolled up already.

    A charge point of which no EVSE is known adds nothing to counts and health, but its status, if
    it has one (online, connector 0 reported), joins the station's (invariant 6).
    """
    every = list(charge_points)
    counts = summed(one.evse_counts for one in every)
    without_evses = [one.status for one in every if not one.evse_counts and one.status != "UNKNOWN"]
    return Rollup(
        status=rolled_up(summed([counts, count(without_evses)])),
        health=health_of(counts),
        partially_available=partially_available(counts),
        counts=counts,
    )


_charge_points: msgspec.json.Decoder[ChargePointDocument] = msgspec.json.Decoder(ChargePointDocument)


def charge_point(stored: str | bytes) -> ChargePointDocument:
    """A stored charge point document read again."""
    return _charge_points.decode(stored)


def raw(stored: Sequence[str]) -> tuple[msgspec.Raw, ...]:
    """Stored documents as they go into a station document, untouched."""
    return tuple(msgspec.Raw(document.encode()) for document in stored)
