"""What the board's room answers."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.words.status import Health, Status


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


class BoardCode(Struct, frozen=True):
    """A one-time code; `/#code=…` of the API signs in with it."""

    code: str
