"""Charge points and their stations as this process wrote them last: the next batch of them need not be read.

What is remembered is a guess, and Postgres says whether it is right: with each row goes its ``xmin``, the transaction
that wrote it, and ``statements.REWRITE`` writes nothing where a row has another. So what is forgotten, or remembered
wrongly, costs a second try, and nothing else. What a batch takes is out of the memory until it has been committed.
"""

import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from ingest.rollup.fold.state import ChargePoint

from .known import Known, Row
from .written import Written

MOST = (
    30_000_000  #: bytes of documents, of charge points and again of stations; the process takes some five times as much
)
DOUBTED = 10_000  #: stations
DOUBTS = 2  #: times in a row that somebody else had written a station: another rollup does
DOUBTED_S = 60  #: it is read again for so long


class _ChargePoint(NamedTuple):
    state: ChargePoint
    row: Row
    size: int  #: of its document


class _Station(NamedTuple):
    row: dict[str, Any]
    members: dict[int, dict[str, Any]]
    size: int  #: of the documents in it


class Memory:
    """The charge points and the stations that were written last."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._charge_points: OrderedDict[int, _ChargePoint] = OrderedDict()
        self._stations: OrderedDict[int, _Station] = OrderedDict()
        self._sizes = [0, 0]  #: of these charge points, of these stations
        self._doubted: dict[int, tuple[int, float]] = {}  #: station → how often in a row, and when last (monotonic s)

    def take(self, keys: Collection[int]) -> Known | None:
        """These charge points, which are out of the memory now; None where it lacks one, or the station of one."""
        if not all(key in self._charge_points for key in keys):
            return None
        homes = {self._charge_points[key].state.station_key for key in keys} - {None}
        if not self._stations.keys() >= homes:
            return None
        taken = {key: self._charge_points.pop(key) for key in sorted(keys)}
        stations = {key: self._stations.pop(key) for key in sorted(key for key in homes if key is not None)}
        self._sizes[0] -= sum(one.size for one in taken.values())
        self._sizes[1] -= sum(one.size for one in stations.values())
        return Known(
            {key: one.state for key, one in taken.items()},
            {key: one.row for key, one in taken.items()},
            {key: one.row for key, one in stations.items()},
            {key: row for one in stations.values() for key, row in one.members.items()},
        )

    def keep(self, known: Known, changed: Sequence[ChargePoint], made: Written, xmin: int) -> None:
        """Remembers what was committed: of what is ``known`` the ``changed``, and what was ``made`` of them."""
        for one, change in zip(changed, made.changes, strict=False):
            self._drop_charge_point(one.key)
            if not one.mended and one.expired is None:
                one.is_written()
                row = Row(known.rows[one.key].version, change.revision, xmin)
                self._charge_points[one.key] = _ChargePoint(one, row, len(change.document or b""))
                self._sizes[0] += len(change.document or b"")
        members: dict[int, dict[int, dict[str, Any]]] = {}
        for key, member in known.members.items():
            members.setdefault(member["station_key"], {})[key] = member
        for station in made.standing:
            key = station["key"]
            self._drop_station(key)
            if not self._is_doubted(key):
                size = sum(len(member["document"]) for member in members[key].values())
                self._stations[key] = _Station(station | {"xmin": xmin}, members[key], size)
                self._sizes[1] += size
        while self._sizes[0] > self._most:
            self._drop_charge_point(next(iter(self._charge_points)))
        while self._sizes[1] > self._most:
            self._drop_station(next(iter(self._stations)))

    def trust(self, known: Known) -> None:
        """It was right."""
        for key in self._doubted.keys() & known.stations.keys():
            del self._doubted[key]

    def doubt(self, known: Known) -> None:
        """It was wrong somewhere."""
        for key in known.stations:
            times, _ = self._doubted.pop(key, (0, 0.0))
            self._doubted[key] = times + 1, time.monotonic()
        while len(self._doubted) > DOUBTED:
            del self._doubted[next(iter(self._doubted))]

    def _is_doubted(self, station_key: int) -> bool:
        times, at = self._doubted.get(station_key, (0, 0.0))
        return times >= DOUBTS and time.monotonic() - at < DOUBTED_S

    def _drop_charge_point(self, key: int) -> None:
        if key in self._charge_points:
            self._sizes[0] -= self._charge_points.pop(key).size

    def _drop_station(self, key: int) -> None:
        if key in self._stations:
            self._sizes[1] -= self._stations.pop(key).size
