"""What the board's room answers."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.words.status import HEALTHS, STATUSES, Health, Status


class BoardColumns(Struct, frozen=True):
    """The stations: one place in each column."""

    id: Sequence[str]
    name: Sequence[str]
    status: Annotated[Sequence[int], Meta(description="places in `legend.status`")]
    health: Annotated[Sequence[int], Meta(description="places in `legend.health`")]
    charge_points: Sequence[int]
    offline: Annotated[Sequence[int], Meta(description="charge points that are OFFLINE")]
    since: Annotated[Sequence[int | None], Meta(description="s since 1970")]
    counts: Annotated[Sequence[Sequence[int]], Meta(description="EVSEs: a column for each of `legend.status`")]
    latitude: Annotated[Sequence[float | None] | UnsetType, Meta(description="only with `place`")] = UNSET
    longitude: Annotated[Sequence[float | None] | UnsetType, Meta(description="only with `place`")] = UNSET


class BoardLegend(Struct, frozen=True):
    """What the numbers in the columns mean."""

    status: Sequence[Status]
    health: Sequence[Health]


class BoardDocument(Struct, frozen=True):
    """The whole network in columns."""

    stream: Annotated[
        str, Meta(description="for `Last-Event-ID`; empty while nobody knows: send none and read again later")
    ]
    at: Annotated[int, Meta(description="ms since 1970")]
    total: Annotated[int, Meta(description="stations in the network")]
    legend: BoardLegend
    stations: BoardColumns


class ClusterColumns(Struct, frozen=True):
    """Cells of several stations: one place in each column."""

    latitude: Annotated[Sequence[float], Meta(description="the middle of its stations")]
    longitude: Sequence[float]
    count: Annotated[Sequence[int], Meta(description="stations")]
    status: Annotated[Sequence[Sequence[int]], Meta(description="of each cell, stations by `legend.status`")]
    health: Annotated[Sequence[Sequence[int]], Meta(description="of each cell, stations by `legend.health`")]


class PlacedColumns(Struct, frozen=True):
    """Stations that are alone in their cell: one place in each column."""

    id: Sequence[str]
    name: Sequence[str]
    latitude: Sequence[float]
    longitude: Sequence[float]
    status: Annotated[Sequence[int], Meta(description="places in `legend.status`")]
    health: Annotated[Sequence[int], Meta(description="places in `legend.health`")]


class ClustersDocument(Struct, frozen=True):
    """The stations of a part of the map."""

    zoom: Annotated[int, Meta(description="what was counted by; less than asked where the box has too many cells")]
    legend: BoardLegend
    clusters: ClusterColumns
    stations: PlacedColumns


CLUSTERS = ClustersDocument(
    zoom=6,
    legend=BoardLegend(STATUSES, HEALTHS),
    clusters=ClusterColumns([52.50722], [13.34961], [12], [[7, 3, 0, 0, 2, 0]], [[9, 1, 2, 0]]),
    stations=PlacedColumns(["alexanderplatz"], ["Alexanderplatz"], [52.52194], [13.41321], [0], [0]),
)


class BoardCode(Struct, frozen=True):
    """A one-time code; `/#code=…` of the API signs in with it."""

    code: str
