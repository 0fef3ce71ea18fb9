"""Charge points and their stations as this process wrote them last: the next batch of them need not be read.

What is remembered is a guess, and Postgres says whether it is right: with each row goes its ``xmin``, the transaction
that wrote it, and ``statements.REWRITE`` writes nothing where a row has another. So what is forgotten, or remembered
wrongly, costs a second try, and nothing else. What a batch takes is out of the memory until it has been committed.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

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


_T = TypeVar("_T", _ChargePoint, _Station)


class _Newest(Generic[_T]):
    """What was put there last, of so many bytes of documents at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[int, _T] = OrderedDict()
        self.size = 0

    def get(self, key: int) -> _T | None:
        return self._held.get(key)

    def put(self, key: int, one: _T) -> None:
        self.drop(key)
        self._held[key] = one
        self.size += one.size
        while self.size > self._most:
            self.drop(next(iter(self._held)))

    def drop(self, key: int) -> None:
        one = self._held.pop(key, None)
        if one is not None:
            self.size -= one.size


class Memory:
    """The charge points and the stations that were written last."""

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._charge_points = _Newest[_ChargePoint](most)
        self._stations = _Newest[_Station](most)
        self._clock = clock  #: s
        self._doubted: dict[int, tuple[int, float]] = {}  #: station → how often in a row, and when last (s)
        self.revisions: list[int] = []  #: fresh ones, for the next batch that is remembered

    def take(self, keys: Collection[int]) -> Known | None:
        """These charge points, which are out of the memory now; None where it lacks one, or the station of one.

        One that moved may be remembered at its former station, which is remembered without it once a sibling was
        written there.
        """
        charge_points = {key: one for key in keys if (one := self._charge_points.get(key)) is not None}
        if len(charge_points) < len(keys):
            return None
        homes = {home for one in charge_points.values() if (home := one.state.station_key) is not None}
        stations = {key: station for key in sorted(homes) if (station := self._stations.get(key)) is not None}
        members = {key: row for station in stations.values() for key, row in station.members.items()}
        for key, one in charge_points.items():
            if one.state.station_key != (members[key]["station_key"] if key in members else None):
                return None
        for key in charge_points:
            self._charge_points.drop(key)
        for key in stations:
            self._stations.drop(key)
        return Known(
            {key: one.state for key, one in charge_points.items()},
            {key: one.row for key, one in charge_points.items()},
            {key: station.row for key, station in stations.items()},
            members,
        )

    def keep(self, known: Known, changed: Sequence[ChargePoint], made: Written, xmin: int) -> None:
        """Remembers what was committed: of what is ``known`` the ``changed``, and what was ``made`` of them."""
        for one, change in zip(changed, made.changes, strict=False):
            if one.mended or one.expired is not None:
                self._charge_points.drop(one.key)
                continue
            one.is_written()
            row = Row(known.rows[one.key].version, change.revision, xmin)
            self._charge_points.put(one.key, _ChargePoint(one, row, len(change.document or b"")))
        members: dict[int, dict[int, dict[str, Any]]] = {}
        for key, member in known.members.items():
            members.setdefault(member["station_key"], {})[key] = member
        for station in made.standing:
            key = station["key"]
            if self._is_doubted(key):
                self._stations.drop(key)
                continue
            size = sum(len(member["document"]) for member in members[key].values())
            self._stations.put(key, _Station(station | {"xmin": xmin}, members[key], size))

    def trust(self, known: Known) -> None:
        """It was right."""
        for key in self._doubted.keys() & known.stations.keys():
            del self._doubted[key]

    def doubt(self, known: Known) -> None:
        """It was wrong somewhere."""
        for key in known.stations:
            times, _ = self._doubted.pop(key, (0, 0.0))
            self._doubted[key] = times + 1, self._clock()
        while len(self._doubted) > DOUBTED:
            del self._doubted[next(iter(self._doubted))]

    def _is_doubted(self, station_key: int) -> bool:
        times, at = self._doubted.get(station_key, (0, 0.0))
        return times >= DOUBTS and self._clock() - at < DOUBTED_S
