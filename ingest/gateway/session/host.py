"""What an open socket needs of the gateway that it belongs to."""

from typing import Protocol

from ingest.gateway.commands.pace import Pace
from ingest.gateway.faults import Faults
from ingest.gateway.inventory.entry import Entry
from ingest.gateway.inventory.places import PlaceLookups
from ingest.gateway.limits import Limits
from ingest.gateway.metrics import Metrics
from ingest.gateway.publishing.publisher import Publisher
from ingest.gateway.session.counts import Counts
from ingest.gateway.session.read_queue import ReadQueue
from shared.stores.traces import Direction


class Host(Protocol):
    """One gateway, as its open sockets see it."""

    @property
    def limits(self) -> Limits: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def counts(self) -> Counts: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def publisher(self) -> Publisher: ...
    @property
    def pace(self) -> Pace: ...
    @property
    def places(self) -> PlaceLookups: ...
    @property
    def read_queue(self) -> ReadQueue: ...

    def clock(self) -> int:
        """The time in ms since the epoch, UTC."""

    def is_leased(self) -> bool:
        """Whether our own lease was renewed in time."""

    def trace(self, entry: Entry, direction: Direction, text: str | bytes) -> None:
        """A frame of a charge point that is traced."""
