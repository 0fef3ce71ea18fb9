"""What the rollup knows of a charge point: the facts that events leave behind. Pure data.

Times are milliseconds since the epoch, UTC. A version is ``(epoch, sequence)`` of the event that
brought a fact; it, and never a charger's clock, decides which of two facts is newer.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from shared.words.documents import Registration
from shared.words.event import EVSE_LEVEL
from shared.words.intents import CHARGE_POINT, Intent, Place
from shared.words.status import NORMALIZED, Connectivity, Reason, Status
from shared.words.turns import Turn

__all__ = [
    "CHARGE_POINT", "ChargePoint", "Expired", "HistoryKind", "HistoryRow", "Intent", "Place", "Report", "Settled",
    "Version",
]  # fmt: skip

Version = tuple[int, int]  #: (epoch, sequence)
HistoryKind = Literal["STATUS", "CONNECTOR_0", "EVSE", "CONNECTIVITY"]


class Report(NamedTuple):
    """The last report about one place; ``since`` is when it first said this status.

    ``info_at`` is when history last got a line that tells of its ``info`` alone, ``word_since`` when it first said
    this very word (ms; None: as ``since``).
    """

    reported: str
    error_code: str | None
    vendor_error_code: str | None
    vendor_id: str | None
    info: str | None
    since: int
    event_time: int
    reported_at: int | None
    received_at: int
    version: Version
    info_at: int | None = None
    word_since: int | None = None
    flapping: bool = False
    stuck: bool = False

    @property
    def words(self) -> tuple[str, str | None, str | None, str | None]:
        """What tells it apart from another report; ``info`` does so less often."""
        return self.reported, self.error_code, self.vendor_error_code, self.vendor_id

    @property
    def normalized(self) -> Status:
        """The charger's word in ours."""
        return NORMALIZED.get(self.reported, "UNKNOWN")


class Settled(NamedTuple):
    """A status that the rules arrived at, why, and since when."""

    status: Status
    reason: Reason
    since: int


class Expired(NamedTuple):
    """The lease of a gateway that ran out: when it was renewed last, when it ended, how long ago that is (all ms)."""

    renewed_at: int
    at: int
    ago: int


class HistoryRow(NamedTuple):
    """One line of history; ``(charge point, kind, place, version, received_at)`` is its identity."""

    charge_point_key: int
    kind: HistoryKind
    place: Place | None
    reported: str
    normalized: Status | None
    error_code: str | None
    vendor_error_code: str | None
    vendor_id: str | None
    info: str | None
    event_time: int
    reported_at: int | None
    reported_at_text: str | None
    received_at: int
    version: Version
    flags: tuple[str, ...] = ()


@dataclass(slots=True)
class ChargePoint:
    """A charge point's inventory, as far as its document shows it, and its state."""

    key: int
    id: str
    station_key: int | None = None
    station_id: str | None = None
    registration: Registration = "ACCEPTED"
    has_password: bool = False
    identity_conflict: bool = False
    protocol: str | None = None
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    hardware: int = 1  #: how many devices have borne this id
    hardware_epoch: int = 0  #: sessions before it were of the former one
    hardware_since: int | None = None  #: while places are left of which only that one spoke
    unreported_since: int | None = None  #: since then these count as not reported
    connectivity: Connectivity = "NEVER"
    connectivity_since: int | None = None
    last_seen_at: int | None = None
    closed_at: int | None = None  #: the session's socket is gone since then; OFFLINE follows after the grace
    previous_seen_at: int | None = None  #: when it was last heard before this session began
    gateway_id: str | None = None
    expired: Expired | None = None  #: the lease of that gateway, if it ran out
    log_partition: int | None = None
    epoch: int = 0
    sequence: int = -1
    silent: bool = False  #: it is ONLINE, was asked, and nothing is known of its places
    status: Status = "UNKNOWN"  #: as it was stored last, since when
    status_since: int | None = None
    reports: dict[Place, Report] = field(default_factory=dict)
    connectors: dict[Place, Settled] = field(default_factory=dict)
    evses: dict[int, Settled] = field(default_factory=dict)
    intents: dict[Place, Intent] = field(default_factory=dict)
    connectors_of: dict[int, list[Place]] = field(default_factory=dict, compare=False)  #: EVSE → its connectors
    turns: list[Turn] = field(default_factory=list, compare=False)  #: of what its station gets of it, since it was read
    mended: list[str] = field(default_factory=list)  #: what of its rows could not be read as it stood
    touched: set[Place] = field(default_factory=set)  #: reports to be written
    forgotten: set[Place] = field(default_factory=set)  #: reports to be deleted
    touched_intents: set[Place] = field(default_factory=set)  #: intents to be written
    gone_intents: set[Place] = field(default_factory=set)  #: intents to be deleted

    def learn(self, place: Place, report: Report) -> None:
        """The newest report of a place, to be written."""
        self.know(place, report)
        self.touched.add(place)

    def know(self, place: Place, report: Report) -> None:
        """A report that is written already."""
        if place not in self.reports and place != CHARGE_POINT:
            connectors = self.connectors_of.setdefault(place[0], [])
            if place[1]:
                connectors.append(place)
        self.reports[place] = report
        self.forgotten.discard(place)

    def forget(self, place: Place) -> None:
        """There is no such place any more; what its EVSE comes to is to be settled again."""
        evse_id = place[0]
        del self.reports[place]
        self.connectors.pop(place, None)
        self.touched.discard(place)
        self.forgotten.add(place)
        if place == CHARGE_POINT:
            return
        if place in self.connectors_of[evse_id]:
            self.connectors_of[evse_id].remove(place)
        if not self.connectors_of[evse_id] and (evse_id, EVSE_LEVEL) not in self.reports:
            del self.connectors_of[evse_id]
            self.evses.pop(evse_id, None)
        else:
            self.touched.add(self.first_of(evse_id))

    @property
    def has_rest(self) -> bool:
        """Whether more is to be written of it than what nearly every batch brings."""
        return bool(self.forgotten or self.touched_intents or self.gone_intents)

    def is_written(self) -> None:
        """What was to be written is."""
        for waited in (self.touched, self.forgotten, self.touched_intents, self.gone_intents, self.turns):
            waited.clear()

    def first_of(self, evse_id: int) -> Place:
        """The first connector of an EVSE, else the EVSE itself: with its report stands what the EVSE comes to."""
        return min(self.connectors_of.get(evse_id, ()), default=(evse_id, EVSE_LEVEL))

    def has(self, place: Place) -> bool:
        """Whether it is there: the charge point, an EVSE, a connector that was reported."""
        return place in self.reports or place == CHARGE_POINT or (not place[1] and place[0] in self.connectors_of)

    def is_former(self, report: Report) -> bool:
        """Whether only hardware said it that bore this id before."""
        return report.version[0] < self.hardware_epoch

    @property
    def places(self) -> int:
        """How many places it has, itself not counted."""
        return len(self.reports) - (CHARGE_POINT in self.reports)

    @property
    def version(self) -> Version:
        """Of the newest event of the newest session."""
        return (self.epoch, self.sequence)
