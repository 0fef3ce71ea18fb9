"""What the room answers, for OpenAPI alone."""

from pydantic import Field

from api.http.schemas import Answer
from shared.words.status import Health, Status


class BoardColumns(Answer):
    """The stations: one place in each column."""

    id: list[str]
    name: list[str]
    latitude: list[float | None] = Field(default=[], description="only with `place`")
    longitude: list[float | None] = Field(default=[], description="only with `place`")
    status: list[int] = Field(description="places in `legend.status`")
    health: list[int] = Field(description="places in `legend.health`")
    charge_points: list[int]
    offline: list[int] = Field(description="charge points that are OFFLINE")
    since: list[int | None] = Field(description="s since 1970")
    counts: list[list[int]] = Field(description="EVSEs: a column for each of `legend.status`")


class BoardLegend(Answer):
    """What the numbers in the columns mean."""

    status: list[Status]
    health: list[Health]


class Board(Answer):
    """The whole network in columns."""

    stream: str = Field(description="for `Last-Event-ID`; empty while nobody knows: send none and read again later")
    at: int = Field(description="ms since 1970")
    total: int = Field(description="stations in the network")
    legend: BoardLegend
    stations: BoardColumns


class BoardCode(Answer):
    """A one-time code; `/#code=…` of the API signs in with it."""

    code: str
