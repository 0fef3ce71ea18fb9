"""Sessions of chargers as tests tell them: events in order, with defaults for what a test does not care about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from shared.words import codec
from shared.words.event import (
    Booted,
    CommandAnswered,
    CommandResult,
    EndReason,
    Event,
    InventoryReported,
    SessionBegan,
    SessionEnded,
    StatusReported,
)

T0 = 1_800_000_000_000  #: a moment (ms) that tests start at
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


class _Header(TypedDict):
    charge_point_id: str
    charge_point_key: int
    epoch: int
    sequence: int
    received_at: int
    gateway_id: str
    protocol: str


@dataclass
class Session:
    """One session; each event takes the next sequence."""

    epoch: int = 1
    gateway: str = "gw-1"
    key: int = 7
    charge_point_id: str = "CP1"
    protocol: str = "ocpp1.6"
    sequence: int = -1

    def began(self, at: int, *, leased: bool = False) -> SessionBegan:
        return SessionBegan(**self._header(at), leased=leased)

    def ended(self, at: int, reason: EndReason = "closed", *, heard_at: int | None = None) -> SessionEnded:
        return SessionEnded(**self._header(at), reason=reason, last_seen_at=at if heard_at is None else heard_at)

    def booted(self, at: int, *, firmware: str = "1.0", serial: str | None = None, model: str = "M") -> Booted:
        return Booted(**self._header(at), vendor="V", model=model, serial=serial, firmware=firmware)

    def inventoried(self, at: int, *evse_ids: int, first_sequence: int) -> InventoryReported:
        """A whole inventory report that listed these EVSEs ended."""
        return InventoryReported(**self._header(at), evse_ids=evse_ids, first_sequence=first_sequence)

    def answered(
        self,
        at: int,
        result: CommandResult = "Accepted",
        place: tuple[int, int] = (0, 0),
        *,
        operative: bool = False,
        intent: int = 1,
    ) -> CommandAnswered:
        return CommandAnswered(
            **self._header(at),
            command="ChangeAvailability",
            evse_id=place[0],
            connector_id=place[1],
            operative=operative,
            intent=intent,
            result=result,
        )

    def reported(
        self,
        at: int,
        reported: str = "Available",
        place: tuple[int, int] = (1, 1),
        *,
        says: int | None = None,
        says_text: str | None = None,
        error_code: str | None = "NoError",
        vendor_error_code: str | None = None,
        vendor_id: str | None = None,
        info: str | None = None,
    ) -> StatusReported:
        """A status of ``place`` that is received ``at``; ``says`` is the charger's own time for it."""
        return StatusReported(
            **self._header(at),
            evse_id=place[0],
            connector_id=place[1],
            reported=reported,
            error_code=error_code,
            vendor_error_code=vendor_error_code,
            vendor_id=vendor_id,
            info=info,
            reported_at=says,
            reported_at_text=says_text,
        )

    def _header(self, at: int) -> _Header:
        self.sequence += 1
        return {
            "charge_point_id": self.charge_point_id,
            "charge_point_key": self.key,
            "epoch": self.epoch,
            "sequence": self.sequence,
            "received_at": at,
            "gateway_id": self.gateway,
            "protocol": self.protocol,
        }


@dataclass(frozen=True)
class Record:
    """A record as a consumer gives it."""

    value: bytes | None
    offset: int = 0
    partition: int = 0
    key: bytes | None = b"CP1"
    topic: str = "events"
    headers: Sequence[tuple[str, bytes]] = ()


def records(*given: Event | bytes | None, partition: int = 0, offset: int = 0) -> list[Record]:
    """Records of these events, or raw values, one after the other."""
    return [
        Record(one if isinstance(one, bytes) or one is None else codec.encode(one), offset + number, partition)
        for number, one in enumerate(given)
    ]
