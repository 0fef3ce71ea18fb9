"""What came of what chargers were asked."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from api.reference.schemas import AT, Instant

Outcome = Literal["Accepted", "Rejected", "Scheduled", "Waiting", "TimedOut"]


class AvailabilityResult(Struct, frozen=True):
    """What came of the intent at one charge point."""

    charge_point_id: str
    result: Annotated[
        Outcome,
        Meta(description="its answer; Waiting: it is not connected, or not ACCEPTED; TimedOut: no answer within 5 s"),
    ]


class Availability(Struct, frozen=True):
    """An intent and what came of it so far."""

    operative: bool
    results: Sequence[AvailabilityResult]


class CommandAnswer(Struct, frozen=True):
    """A charger's own word: `Accepted`, `Rejected`, `Unlocked`, `NotImplemented`, …"""

    charge_point_id: str
    status: str


class TraceState(Struct, frozen=True):
    """Whether the frames of a charge point are kept."""

    enabled: bool
    until: Annotated[Instant | None, Meta(description="when that ends by itself")]


class TracedFrame(Struct, frozen=True):
    """A frame; `in` is from the charger."""

    at: Instant
    direction: Literal["in", "out"]
    frame: Annotated[str, Meta(description="compact JSON without secrets, cut off after 4 kB; else its length alone")]


class Trace(TraceState, frozen=True):
    """The newest frames of a charge point, newest first."""

    frames: Sequence[TracedFrame]


AVAILABILITY = Availability(False, [AvailabilityResult("CP1", "Accepted")])
WAITING = Availability(False, [AvailabilityResult("CP1", "Waiting")])
COMMAND = CommandAnswer("CP1", "Accepted")
STATE = TraceState(enabled=True, until=AT)
TRACE = Trace(enabled=True, until=AT, frames=[TracedFrame(AT, "in", '[2,"7","Heartbeat",{}]')])
