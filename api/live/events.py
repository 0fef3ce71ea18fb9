"""A change of the stream as a Server-Sent Event, and which changes a client asked for. Pure."""

import re
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from shared.stores.changes import Entry

EventKind = Literal["charge_point", "station", "deleted", "left"]

START = "0-0"  #: the position before the first change

DROPPED = b'event: dropped\ndata: {"detail":"read too slowly: connect again with Last-Event-ID"}\n\n'
STOPPING = b": this server stops: connect again with Last-Event-ID\n\n"
HEARTBEAT = b": heartbeat\n\n"

_STREAM_ID = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")
_encode = msgspec.json.Encoder().encode


class _Data(Struct, frozen=True):
    station_id: str | None
    charge_point_id: str | None
    revision: int
    document: Raw | None


_NOTHING = _encode({"station_id": None, "charge_point_id": None, "revision": None, "document": None})


class Wanted(Struct, frozen=True):
    """What a client asked for: each set that is not empty must hold the change's own value."""

    stations: frozenset[str] = frozenset()  #: folded, like
    charge_points: frozenset[str] = frozenset()
    events: frozenset[EventKind] = frozenset()
    brief: bool = False  #: stations in arrays instead, see ``briefs``

    def has(self, entry: Entry) -> bool:
        """Whether the change is one of these."""
        kind = event_of(entry)
        if kind is None or (kind == "left" and not (self.stations or "left" in self.events)):
            return False  # who follows all is told of it by the charge point's own change
        return (
            (not self.stations or (entry.station_id or "").lower() in self.stations)
            and (not self.charge_points or (entry.charge_point_id or "").lower() in self.charge_points)
            and (not self.events or kind in self.events)
        )


def event_of(entry: Entry) -> EventKind | None:
    """The name of the event that tells of the change; None where another change tells of it."""
    if entry.kind == "membership":
        return "left" if entry.deleted else None
    return "deleted" if entry.deleted else entry.kind


def event(entry: Entry, document: bytes) -> bytes:
    """The whole event; the document's bytes are as stored, none of what was deleted."""
    data = _encode(
        _Data(
            entry.station_id,
            entry.charge_point_id,
            entry.revision,
            None if entry.deleted else Raw(document),
        )
    )
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (entry.id.encode(), (event_of(entry) or "").encode(), data)


def position(stream_id: str) -> bytes:
    """Tells a client where the stream stands without telling of a change; it keeps the id for its next connect."""
    return b"id: %b\n\n" % stream_id.encode()


def reset(stream_id: str) -> bytes:
    """Changes may have been missed: the client must read everything anew, and goes on from here."""
    return b"id: %b\nevent: reset\ndata: %b\n\n" % (stream_id.encode(), _NOTHING)


def behind(seconds: int) -> bytes:
    """Rollups catch up: what is told is of so long ago; 0: not any more."""
    return b'event: behind\ndata: {"seconds":%d}\n\n' % seconds


def is_stream_id(text: str) -> bool:
    """Whether Redis could have given this id to a change."""
    return _STREAM_ID.fullmatch(text) is not None and max(order(text)) < 2**64


def order(stream_id: str) -> tuple[int, int]:
    """Stream ids as they follow each other."""
    ms, _, n = stream_id.partition("-")
    return int(ms), int(n)
