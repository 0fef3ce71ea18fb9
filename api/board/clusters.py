"""The stations of a part of the map by the cells of a grid: for maps of more stations than a page can hold.

The grid is that of map tiles (Web Mercator) and lies still: who moves the map, or looks at the same part, asks for
the same cells. One query at a time, its answer kept for a second.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec
from asyncpg import Record

from api.database import Database
from api.http.problems import Unavailable
from shared.words.places import Box
from shared.words.status import HEALTHS, STATUSES

CELLS = 4  #: in the width of a tile: each some 64 px
MOST = 2_000  #: cells of an answer, or stations; a larger box gets larger cells
APART = 17  #: from this zoom on each station is told by itself: a cell is a few metres
CACHED_S = 1
KEPT = 64  #: answers
WITHIN_S = 8
WAIT_S = 10
_EDGE = 85.05  #: degrees: the tiles end there, a station does not

_INSTEAD = "counting this part of the map takes too long just now: try again"
# One row for each cell, health and status in it: what is told of a cell is made of a few of them.
_COUNTED = f"""
    SELECT floor((least(p.longitude, 179.9999999) + 180) / 360 * $1) AS x,
           floor((180 - degrees(asinh(tan(radians(least(greatest(p.latitude, -{_EDGE}), {_EDGE})))))) / 360 * $1) AS y,
           s.status, s.health, count(*) AS n, sum(p.latitude) AS latitude, sum(p.longitude) AS longitude,
           min(s.id) AS id, min(s.name) AS name
    FROM stations s, LATERAL (SELECT s.latitude, s.longitude) p
    WHERE s.deleted_at IS NULL AND s.latitude BETWEEN $2 AND $3
          AND CASE WHEN $4::float8 <= $5 THEN s.longitude BETWEEN $4 AND $5
              ELSE s.longitude >= $4 OR s.longitude <= $5 END
    GROUP BY 1, 2, s.status, s.health, CASE WHEN $6 THEN s.key END
"""  # noqa: S608


class Part(NamedTuple):
    """Cells of a grid, from the first to the last, both in it; the rows go southwards, and around the world."""

    zoom: int
    west: int
    east: int
    north: int
    south: int

    @property
    def across(self) -> int:
        """Cells around the world."""
        return int(CELLS * 2**self.zoom)

    @property
    def cells(self) -> int:
        """How many it has."""
        return ((self.east - self.west) % self.across + 1) * (self.south - self.north + 1)


def part(box: Box, zoom: int) -> Part:
    """The cells that a box touches, in the finest grid up to ``zoom`` that has few enough of them. Pure."""
    west, south, east, north = box
    while True:
        across = CELLS * 2**zoom

        def x(longitude: float, across: int = across) -> int:
            return min(across - 1, int((longitude + 180) / 360 * across))

        def y(latitude: float, across: int = across) -> int:
            turned = math.degrees(math.asinh(math.tan(math.radians(max(-_EDGE, min(_EDGE, latitude))))))
            return int((180 - turned) / 360 * across)

        found = Part(zoom, x(west), x(east), y(north), y(south))
        if west > east and found.west <= found.east:  # both edges in one cell: around the world
            found = found._replace(west=0, east=across - 1)
        if found.cells <= MOST or not zoom:
            return found
        zoom -= 1


class Clusters:
    """Counts; ``clock`` is monotonic (s)."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._kept: OrderedDict[Part, tuple[float, bytes]] = OrderedDict()

    async def within(self, asked: Part) -> bytes:
        """What ``GET /v1/board/clusters`` serves.

        Raises:
            Unavailable: Postgres is away, or too many wait for it.
            TooSlow: it is too slow.
        """
        try:
            async with asyncio.timeout(WAIT_S), self._one_at_a_time:
                stale_at, body = self._kept.get(asked, (-math.inf, b""))
                if self._clock() >= stale_at:
                    body = encoded(asked, await self._counted(asked))
                    self._kept[asked] = (self._clock() + CACHED_S, body)
                    self._kept.move_to_end(asked)
                    if len(self._kept) > KEPT:
                        self._kept.popitem(last=False)
                return body
        except TimeoutError as error:
            raise Unavailable(_INSTEAD, headers={"Retry-After": "5"}) from error

    async def _counted(self, asked: Part) -> list[Record]:
        def longitude(x: int) -> float:
            return x / asked.across * 360 - 180

        def latitude(y: int) -> float:
            if y in (0, asked.across):
                return 90.0 if y == 0 else -90.0
            return math.degrees(math.atan(math.sinh(math.radians(180 - y / asked.across * 360))))

        # What lies just outside for the rounding is counted in a cell that is not told.
        box = (latitude(asked.south + 1), latitude(asked.north), longitude(asked.west), longitude(asked.east + 1))
        async with self._database.reading(WITHIN_S, _INSTEAD) as connection:
            return await connection.fetch(_COUNTED, float(asked.across), *box, asked.zoom >= APART)


def encoded(asked: Part, rows: Iterable[Record | dict[str, Any]]) -> bytes:
    """The clusters and the single stations as JSON, the worst first. Pure."""
    cells: dict[tuple[float, ...], list[Record | dict[str, Any]]] = {}
    for number, row in enumerate(rows):
        inside = asked.north <= row["y"] <= asked.south
        if inside and (row["x"] - asked.west) % asked.across <= (asked.east - asked.west) % asked.across:
            key = (row["x"], row["y"], number) if asked.zoom >= APART else (row["x"], row["y"])
            cells.setdefault(key, []).append(row)
    clusters, stations = [], []
    for parts in cells.values():
        n = sum(row["n"] for row in parts)
        place = [round(sum(row[name] for row in parts) / n, 5) for name in ("latitude", "longitude")]
        if n == 1:
            (row,) = parts
            status, health = STATUSES.index(row["status"]), HEALTHS.index(row["health"])
            stations.append((row["id"], row["name"], *place, status, health))
        else:
            by_status = [sum(row["n"] for row in parts if row["status"] == one) for one in STATUSES]
            by_health = [sum(row["n"] for row in parts if row["health"] == one) for one in HEALTHS]
            clusters.append((*place, n, by_status, by_health))
    stations.sort(key=lambda one: (_WORST.index(one[5]), one[0]))
    clusters.sort(key=lambda one: -one[2])
    return msgspec.json.encode(
        {
            "zoom": asked.zoom,
            "legend": {"status": STATUSES, "health": HEALTHS},
            "clusters": _columns(("latitude", "longitude", "count", "status", "health"), clusters),
            "stations": _columns(("id", "name", "latitude", "longitude", "status", "health"), stations[:MOST]),
        }
    )


_WORST = [HEALTHS.index(one) for one in ("DOWN", "DEGRADED", "UNKNOWN", "OK")]


def _columns(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
