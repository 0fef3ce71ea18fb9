"""Where the marks are that a load test must reach. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the marks are."""

    failures: float  #: share of all requests, from the first to the last
    ack_ms: float  #: these and the rest over the plateau: p99 of a status, from CALL to CALLRESULT
    read_ms: float  #: p99 of a read of the API
    visible_ms: float  #: p99 from a charger's send until the API shows it
    behind_ms: float  #: p99 of the generator's own lag; beyond it the figures are the generator's, not the system's
    rate: float  #: statuses acknowledged a second
