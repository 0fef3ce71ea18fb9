"""Which changes a stream tells of."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from api.http.inputs import NO_CONTROLS, AnyOf

from .events import EventKind, Wanted

#: What cannot be an id is refused; nobody need look for it.
Named = Annotated[str, Field(max_length=64, pattern=NO_CONTROLS)]


class StreamFilters(BaseModel):
    """Which changes a stream tells of: those that match every filter given; and what stands in for headers."""

    model_config = ConfigDict(extra="forbid")

    station_id: AnyOf[Named] = Field(
        default=[], max_length=500, description="any of these; its charge points, too; case does not matter"
    )
    charge_point_id: AnyOf[Named] = Field(default=[], max_length=500, description="any of these; case does not matter")
    event: AnyOf[EventKind] = Field(default=[], description="any of these; `reset` comes in any case")
    view: Literal["brief"] | None = Field(default=None, description="stations alone, in brief; goes with no filter")
    # After the filters, which these are not; the middleware has taken the ticket.
    last_event_id: str | None = Field(default=None, max_length=100, description="as the header, which counts if sent")
    ticket: str | None = Field(
        default=None, max_length=100, description="of `POST /v1/stream/tickets`, in place of a token"
    )

    @field_validator("view")
    @classmethod
    def _without_filters(cls, view: str | None, info: ValidationInfo) -> str | None:
        if view is not None and any(info.data.values()):
            raise ValueError("goes with no filter: what it tells is the same for all")
        return view

    def wanted(self) -> Wanted:
        """As the stream knows it."""
        return Wanted(
            frozenset(one.lower() for one in self.station_id),
            frozenset(one.lower() for one in self.charge_point_id),
            frozenset(self.event),
            brief=self.view is not None,
        )
