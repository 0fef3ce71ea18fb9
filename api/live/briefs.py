"""Stations in brief: what has changed within a second as one array, encoded once for all who follow. Pure."""

from collections.abc import Iterable
from typing import Any

import msgspec

from shared.stores.changes import Entry
from shared.words.status import HEALTHS, STATUSES

EVERY_S = 1
SOON_S = 0.05  #: a first change waits for those that come with it

_STATUS = {status: number for number, status in enumerate(STATUSES)}
_HEALTH = {health: number for number, health in enumerate(HEALTHS)}
_encode = msgspec.json.Encoder().encode


class Briefs:
    """What is to be told of each station with the next array: its newest change alone."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Any]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self, entries: Iterable[Entry]) -> None:
        """More changes, in the order of the stream."""
        for entry in entries:
            if entry.kind == "station" and entry.station_id is not None and (entry.deleted or entry.facts):
                self._waiting[entry.station_id] = brief(entry)

    def event(self, stream_id: str) -> bytes:
        """All that waits, as an event after which the stream stands at ``stream_id``; nothing waits any more."""
        data = _encode(list(self._waiting.values()))
        self._waiting.clear()
        return b"id: %b\nevent: brief\ndata: %b\n\n" % (stream_id.encode(), data)

    def clear(self) -> None:
        """What waits is of no use any more."""
        self._waiting.clear()


def brief(entry: Entry) -> list[Any]:
    """``[id, status, health, offline charge points, since (s), revision, EVSEs by status]``; ``[id, revision]`` when
    deleted. Statuses and healths are places in the legend of ``GET /v1/board``."""
    facts = entry.facts
    if entry.deleted or facts is None:
        return [entry.station_id, entry.revision]
    return [
        entry.station_id, _STATUS[facts.status], _HEALTH[facts.health], facts.offline, facts.since_s, entry.revision,
        facts.counts or (0,) * len(STATUSES),
    ]  # fmt: skip
