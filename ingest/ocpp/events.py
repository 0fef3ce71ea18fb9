"""The events of one session: what was said, with whose it is, when it came, and its number in the session."""

from typing import TypedDict

from ingest.ocpp.commands import ChangeAvailability
from ingest.ocpp.dialects.dialect import Boot, Status
from ingest.ocpp.units import clean_or_none, milliseconds
from shared.words.event import (
    TIMESTAMP,
    Booted,
    CommandAnswered,
    CommandResult,
    EndReason,
    InventoryReported,
    SessionBegan,
    SessionEnded,
    StatusReported,
)

_RESULTS: dict[str | None, CommandResult] = {"Accepted": "Accepted", "Rejected": "Rejected", "Scheduled": "Scheduled"}


class _Header(TypedDict):
    charge_point_id: str
    charge_point_key: int
    epoch: int
    sequence: int
    received_at: int
    gateway_id: str
    protocol: str


class Events:
    """Makes the events of a session; ``sequence`` is that of the next one, from 0."""

    __slots__ = ("_charge_point_id", "_charge_point_key", "_gateway_id", "_protocol", "epoch", "sequence")

    def __init__(
        self, *, charge_point_id: str, charge_point_key: int, epoch: int, gateway_id: str, protocol: str
    ) -> None:
        self._charge_point_id = charge_point_id
        self._charge_point_key = charge_point_key
        self._gateway_id = gateway_id
        self._protocol = protocol
        self.epoch = epoch
        self.sequence = 0

    def began(self, now: int, *, identity_conflict: bool, leased: bool) -> SessionBegan:
        """The session began, or is announced again."""
        return SessionBegan(**self._header(now), identity_conflict=identity_conflict, leased=leased)

    def ended(self, reason: EndReason, last_seen_at: int, now: int) -> SessionEnded:
        """The session ended; ``last_seen_at`` in ms."""
        return SessionEnded(**self._header(now), reason=reason, last_seen_at=last_seen_at)

    def status(self, fact: Status, now: int) -> StatusReported:
        """A status was reported; spelled out, for it is the one message that comes in bulk."""
        sequence = self.sequence
        self.sequence = sequence + 1
        sent = fact.timestamp
        return StatusReported(
            charge_point_id=self._charge_point_id,
            charge_point_key=self._charge_point_key,
            epoch=self.epoch,
            sequence=sequence,
            received_at=now,
            gateway_id=self._gateway_id,
            protocol=self._protocol,
            evse_id=fact.evse_id,
            connector_id=fact.connector_id,
            reported=fact.reported,
            error_code=fact.error_code,
            vendor_error_code=fact.vendor_error_code,
            vendor_id=fact.vendor_id,
            info=fact.info,
            reported_at=milliseconds(sent) if sent else None,
            reported_at_text=clean_or_none(sent, TIMESTAMP),
        )

    def booted(self, fact: Boot, now: int) -> Booted:
        """The charger started."""
        return Booted(
            **self._header(now),
            vendor=fact.vendor,
            model=fact.model,
            serial=fact.serial,
            firmware=fact.firmware,
            reason=fact.reason,
        )

    def inventory_reported(self, evse_ids: tuple[int, ...], first_sequence: int, now: int) -> InventoryReported:
        """A report was whole: these are all the EVSEs that there are."""
        return InventoryReported(**self._header(now), evse_ids=evse_ids, first_sequence=first_sequence)

    def command_answered(self, command: ChangeAvailability, status: str | None, now: int) -> CommandAnswered:
        """The charger answered ``command`` with ``status``; whatever is no word of the answer refuses it."""
        return CommandAnswered(
            **self._header(now),
            command="ChangeAvailability",
            evse_id=command.evse_id,
            connector_id=command.connector_id,
            operative=command.operative,
            intent=command.intent,
            result=_RESULTS.get(status, "Rejected"),
        )

    def _header(self, now: int) -> _Header:
        """Whose event this is; takes the next sequence."""
        sequence = self.sequence
        self.sequence = sequence + 1
        return {
            "charge_point_id": self._charge_point_id,
            "charge_point_key": self._charge_point_key,
            "epoch": self.epoch,
            "sequence": sequence,
            "received_at": now,
            "gateway_id": self._gateway_id,
            "protocol": self._protocol,
        }
