"""What a stream tells, event by event: ``event`` and ``id`` are lines of their own, ``data`` is JSON in one."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from api.inventory.answers import CHARGE_POINT, Station
from shared.words.documents import ChargePointDocument

from .tickets import Ticket

Id = Annotated[str, Meta(description="for `Last-Event-ID`")]


class ChargePointChange(Struct, frozen=True):
    """A charge point as it is now."""

    station_id: str | None
    charge_point_id: str
    revision: int
    document: ChargePointDocument


class StationChange(Struct, frozen=True):
    """A station as it is now."""

    station_id: str
    charge_point_id: None
    revision: int
    document: Station


class Deletion(Struct, frozen=True):
    """What is no more: the charge point, or without one the station."""

    station_id: str | None
    charge_point_id: str | None
    revision: int
    document: None


class Departure(Struct, frozen=True):
    """A charge point that is at another station now, or at none; one with a larger revision may be back."""

    station_id: str
    charge_point_id: str
    revision: int
    document: None


class Nothing(Struct, frozen=True):
    """Everything is to be read anew."""

    station_id: None
    charge_point_id: None
    revision: None
    document: None


class DropReason(Struct, frozen=True):
    """Why a stream ends."""

    detail: str


class ChargePointEvent(Struct, frozen=True, tag_field="event", tag="charge_point"):
    """A charge point changed."""

    id: Id
    data: ChargePointChange


class StationEvent(Struct, frozen=True, tag_field="event", tag="station"):
    """A station changed, or one of its charge points."""

    id: Id
    data: StationChange


class DeletedEvent(Struct, frozen=True, tag_field="event", tag="deleted"):
    """A station or a charge point was deleted."""

    id: Id
    data: Deletion


class LeftEvent(Struct, frozen=True, tag_field="event", tag="left"):
    """A charge point left the station `station_id`; for who follows stations by `station_id`, or asks for it."""

    id: Id
    data: Departure


class ResetEvent(Struct, frozen=True, tag_field="event", tag="reset"):
    """Changes may have been missed: read everything anew, and go on from here."""

    id: Id
    data: Nothing


class DroppedEvent(Struct, frozen=True, tag_field="event", tag="dropped"):
    """You read too slowly: connect again, with `Last-Event-ID`."""

    data: DropReason


class BriefEvent(Struct, frozen=True, tag_field="event", tag="brief"):
    """With `view=brief`: the stations that changed, as `GET /v1/board` has them."""

    id: Id
    data: Sequence[Sequence[str | int | Sequence[int] | None]]


class BehindData(Struct, frozen=True):
    """How far behind rollups are: as long as they are, every few seconds; 0 when they are not any more."""

    seconds: int


class BehindEvent(Struct, frozen=True, tag_field="event", tag="behind"):
    """With `view=brief`: what is told is of so long ago, since chargers' reports wait to be applied."""

    data: BehindData


TICKET = Ticket("vJ3cVh1ZJvYQ7kTq0bXo2Wm5n8rLd4sUeA6iGfPyHtE", "2026-03-01T08:16:30.123Z")
EVENTS = (ChargePointEvent, StationEvent, DeletedEvent, LeftEvent, ResetEvent, DroppedEvent, BriefEvent, BehindEvent)
EVENT = ChargePointEvent("1772352930123-0", ChargePointChange("alexanderplatz", "CP1", 1234, CHARGE_POINT))
