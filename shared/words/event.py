"""The canonical charger event: what a gateway publishes and a rollup folds.

Facts in the past tense, in our own words; OCPP dialects are adapters around them. Every event
carries the same header, so that one record alone says whose it is and where it stands in order.
Times are integer milliseconds since the Unix epoch, UTC.

The bounds of every field stand here, and what is within them every store gives back as it took it:
a gateway cuts what a charger says to them, a rollup refuses a record that is outside.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .instant import EARLIEST, LATEST

EVSE_LEVEL = 0  #: connector_id of a report about an EVSE as a whole

type_version = 2  #: the newest version of records that this code reads and writes

HIGHEST_PLACE = 255  #: of EVSE and connector numbers: a charger must not fill the database with places
MOST_PLACES = 255  #: of a charge point, itself not counted

#: The longest texts, in characters.
VENDOR = MODEL = SERIAL = FIRMWARE = BOOT_REASON = 50
REPORTED = ERROR_CODE = VENDOR_ERROR_CODE = 50
VENDOR_ID = 255
INFO, TIMESTAMP = 500, 64
_ID, _GATEWAY, _PROTOCOL = 48, 255, 32

Key = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Instant = Annotated[int, Meta(ge=EARLIEST, le=LATEST)]
Number = Annotated[int, Meta(ge=0, le=HIGHEST_PLACE)]

CommandKind = Literal["ChangeAvailability"]
CommandResult = Literal["Accepted", "Rejected", "Scheduled"]
EndReason = Literal["closed", "silent", "superseded", "going_away", "refused"]


class Header(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Whose event this is and where it stands; ``v`` is the version that brought its kind.

    ``charge_point_key`` is the inventory row (an id that is deleted and created again gets a new
    one); ``(epoch, sequence)`` orders the events of a charge point: the epoch is claimed by each
    websocket session, the sequence counts inside it. ``received_at`` is the gateway's clock (ms). An
    epoch is a clock's time or one more than the last, so one beyond the clocks would mute its charger.
    """

    v: int = 1
    charge_point_id: Annotated[str, Meta(min_length=1, max_length=_ID)]
    charge_point_key: Key
    epoch: Instant
    sequence: Key
    received_at: Instant
    gateway_id: Annotated[str, Meta(max_length=_GATEWAY)]
    protocol: Annotated[str, Meta(max_length=_PROTOCOL)]

    @property
    def id(self) -> str:
        """The identity of the event, the same however often it is delivered."""
        return f"{self.charge_point_key}:{self.epoch}:{self.sequence}"


class SessionBegan(Header, frozen=True, kw_only=True, tag="session_began"):
    """A charger's websocket was accepted (or is announced again: a lost lease, another registration).

    ``identity_conflict``: sockets of this id replace each other so often that two devices must bear it.
    ``leased``: this gateway's own lease was renewed in time just then, so others could renew theirs.
    """

    identity_conflict: bool = False
    leased: bool = False


class SessionEnded(Header, frozen=True, kw_only=True, tag="session_ended"):
    """The websocket is gone; the charger was last heard at ``last_seen_at`` (ms)."""

    reason: EndReason
    last_seen_at: Instant


class Booted(Header, frozen=True, kw_only=True, tag="booted"):
    """BootNotification: what the charger says it is (OCPP 1.6 §4.2, 2.x B01)."""

    vendor: Annotated[str, Meta(max_length=VENDOR)]
    model: Annotated[str, Meta(max_length=MODEL)]
    serial: Annotated[str, Meta(max_length=SERIAL)] | None = None
    firmware: Annotated[str, Meta(max_length=FIRMWARE)] | None = None
    reason: Annotated[str, Meta(max_length=BOOT_REASON)] | None = None


class StatusReported(Header, frozen=True, kw_only=True, tag="status_reported"):
    """A status of one connector, of an EVSE (connector 0) or of the charge point (EVSE 0).

    ``reported`` is the charger's own word. ``reported_at`` (ms) is its timestamp, None when it
    sent none that can be read or one outside the bounds (which a reader makes None, too);
    ``reported_at_text`` is that timestamp as sent.
    """

    evse_id: Number
    connector_id: Number
    reported: Annotated[str, Meta(max_length=REPORTED)]
    error_code: Annotated[str, Meta(max_length=ERROR_CODE)] | None = None
    vendor_error_code: Annotated[str, Meta(max_length=VENDOR_ERROR_CODE)] | None = None
    vendor_id: Annotated[str, Meta(max_length=VENDOR_ID)] | None = None
    info: Annotated[str, Meta(max_length=INFO)] | None = None
    reported_at: int | None = None
    reported_at_text: Annotated[str, Meta(max_length=TIMESTAMP)] | None = None


class InventoryReported(Header, frozen=True, kw_only=True, tag="inventory_reported"):
    """A whole inventory report ended (OCPP 2.x B07): a connector that it left out is as its EVSE.

    ``evse_ids`` are the EVSEs that it listed, ``first_sequence`` is that of its first part: newer words stand.
    """

    v: int = 2
    evse_ids: Annotated[tuple[Number, ...], Meta(max_length=MOST_PLACES)]
    first_sequence: Key


class CommandAnswered(Header, frozen=True, kw_only=True, tag="command_answered"):
    """The charger answered an operator's command; ``intent`` is the version of the intent it serves."""

    command: CommandKind
    evse_id: Number
    connector_id: Number
    operative: bool
    intent: Key
    result: CommandResult


Event = SessionBegan | SessionEnded | Booted | StatusReported | InventoryReported | CommandAnswered
