"""Which changes a stream tells of."""

from pydantic import BaseModel, ConfigDict, Field

from .events import EventKind, Wanted


class StreamFilters(BaseModel):
    """Which changes a stream tells of: those that match every filter given."""

    model_config = ConfigDict(extra="forbid")

    station_id: list[str] = Field(default=[], max_length=500, description="any of these; its charge points, too")
    charge_point_id: list[str] = Field(default=[], max_length=500, description="any of these; case does not matter")
    event: list[EventKind] = Field(default=[], description="any of these; `reset` comes in any case")

    def wanted(self) -> Wanted:
        """As the stream knows it."""
        return Wanted(
            frozenset(self.station_id),
            frozenset(one.lower() for one in self.charge_point_id),
            frozenset(self.event),
        )
