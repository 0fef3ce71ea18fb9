"""The canonical charger event: what a gateway publishes and a rollup folds.

Facts in the past tense, in our own words; OCPP dialects are adapters around them. Every event
carries the same header, so that one record alone says whose it is and where it stands in order.
Times are integer milliseconds since the Unix epoch, UTC.
"""

from typing import Literal

from msgspec import Struct

STATION_LEVEL = 0  #: evse_id (and connector_id) of a report about the whole charge point
EVSE_LEVEL = 0  #: connector_id of a report about an EVSE as a whole

type_version = 1  #: the version of the records that this code writes

CommandKind = Literal["ChangeAvailability"]
CommandResult = Literal["Accepted", "Rejected", "Scheduled"]
EndReason = Literal["closed", "silent", "superseded", "going_away", "refused"]


class Header(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Whose event this is and where it stands.

    ``charge_point_key`` is the inventory row (an id that is deleted and created again gets a new
    one); ``(epoch, sequence)`` orders the events of a charge point: the epoch is claimed by each
    websocket session, the sequence counts inside it. ``received_at`` is the gateway's clock (ms).
    """

    v: int = type_version
    charge_point_id: str
    charge_point_key: int
    epoch: int
    sequence: int
    received_at: int
    gateway_id: str
    protocol: str

    @property
    def id(self) -> str:
        """The identity of the event, the same however often it is delivered."""
        return f"{self.charge_point_key}:{self.epoch}:{self.sequence}"


class SessionBegan(Header, frozen=True, kw_only=True, tag="session_began"):
    """A charger's websocket was accepted (or is announced again by a gateway that lost its lease).

    ``identity_conflict``: sockets of this id replace each other so often that two devices must bear it.
    """

    identity_conflict: bool = False


class SessionEnded(Header, frozen=True, kw_only=True, tag="session_ended"):
    """The websocket is gone; the charger was last heard at ``last_seen_at`` (ms)."""

    reason: EndReason
    last_seen_at: int


class Booted(Header, frozen=True, kw_only=True, tag="booted"):
    """BootNotification: what the charger says it is (OCPP 1.6 §4.2, 2.x B01)."""

    vendor: str
    model: str
    serial: str | None = None
    firmware: str | None = None
    reason: str | None = None


class StatusReported(Header, frozen=True, kw_only=True, tag="status_reported"):
    """A status of one connector, of an EVSE (connector 0) or of the charge point (EVSE 0).

    ``reported`` is the charger's own word. ``reported_at`` (ms) is its timestamp, None when it
    sent none that can be read; ``reported_at_text`` is that timestamp as sent.
    """

    evse_id: int
    connector_id: int
    reported: str
    error_code: str | None = None
    vendor_error_code: str | None = None
    info: str | None = None
    reported_at: int | None = None
    reported_at_text: str | None = None


class CommandAnswered(Header, frozen=True, kw_only=True, tag="command_answered"):
    """The charger answered an operator's command; ``intent`` is the version of the wish it serves."""

    command: CommandKind
    evse_id: int
    connector_id: int
    operative: bool
    intent: int
    result: CommandResult


Event = SessionBegan | SessionEnded | Booted | StatusReported | CommandAnswered
