"""What came of it, for OpenAPI alone."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.http.schemas import AT, Answer, like


class AvailabilityResult(BaseModel):
    """What came of the intent at one charge point."""

    charge_point_id: str
    result: Literal["Accepted", "Rejected", "Scheduled", "Waiting", "TimedOut"] = Field(
        description="its answer; Waiting: it is not connected, or not ACCEPTED; TimedOut: it did not answer within 5 s"
    )


class Availability(BaseModel):
    """An intent and what came of it so far."""

    model_config = like({"operative": False, "results": [{"charge_point_id": "CP1", "result": "Accepted"}]})

    operative: bool
    results: list[AvailabilityResult]


class CommandAnswer(BaseModel):
    """A charger's own word: `Accepted`, `Rejected`, `Unlocked`, `NotImplemented`, …"""

    model_config = like({"charge_point_id": "CP1", "status": "Accepted"})

    charge_point_id: str
    status: str


class TraceState(Answer):
    """Whether the frames of a charge point are kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": True, "until": AT}]})

    enabled: bool
    until: datetime | None = Field(description="when that ends by itself")


class TracedFrame(Answer):
    """A frame; `in` is from the charger."""

    at: datetime
    direction: Literal["in", "out"]
    frame: str = Field(description="compact JSON without secrets, cut off after 4 kB; else its length alone")


class Trace(TraceState):
    """The newest frames of a charge point, newest first."""

    frames: list[TracedFrame]
