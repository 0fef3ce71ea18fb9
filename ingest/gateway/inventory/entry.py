"""One charge point of the inventory, as a gateway needs it."""

import time
from typing import Any

from ingest.ocpp.commands import ChangeAvailability
from shared.words.documents import Registration

CONFLICT = 5  #: so many takeovers
CONFLICT_S = 60  #: within so many seconds are two devices with one identity


class Entry:
    """One charge point of the inventory; changed in place, so that its session sees it."""

    __slots__ = (
        "agreed", "deleted", "epoch", "id", "intents", "key", "password_hash", "registration", "right", "takeovers",
        "traced_until", "wrong",
    )  # fmt: skip

    def __init__(self, row: Any) -> None:
        self.key: int = row["key"]
        self.id: str = row["id"]
        self.epoch: int = row["epoch"]
        self.deleted = False
        self.registration: Registration = row["registration"]
        self.password_hash: str | None = row["password_hash"]
        self.intents = _changes(row["intents"])  #: what the charger has not answered yet, oldest first
        self.agreed = _changes(row["agreed"])  #: what it has agreed to, and is to be asked again if it forgot
        self.traced_until = _traced_until(row)  #: its frames are kept so long (monotonic, s); 0: they are not
        self.takeovers: tuple[float, ...] = ()  #: when a socket was replaced by a newer one, within a minute
        self.right: bytes | None = None  #: digest of the password that passed the slow check
        self.wrong: bytes | None = None  #: and of the last one that did not

    def taken_over(self, now: float) -> None:
        """One more socket was replaced at ``now`` (monotonic, s)."""
        self.takeovers = (*self._recent(now), now)[-CONFLICT:]

    def in_conflict(self, now: float) -> bool:
        """Whether two devices seem to bear this id: sockets replace each other again and again."""
        return len(self._recent(now)) >= CONFLICT

    def _recent(self, now: float) -> tuple[float, ...]:
        return tuple(at for at in self.takeovers if now - at < CONFLICT_S)

    def update(self, row: Any) -> bool:
        """Takes over what the row says; returns whether something changed."""
        before = (self.registration, self.password_hash, self.deleted, self.intents)
        if self.password_hash != row["password_hash"]:
            self.right = self.wrong = None
        self.registration, self.password_hash = row["registration"], row["password_hash"]
        self.deleted, self.intents = row["deleted"], _changes(row["intents"])
        self.agreed = _changes(row["agreed"])
        self.epoch = max(self.epoch, row["epoch"])
        self.traced_until = _traced_until(row)
        return before != (self.registration, self.password_hash, self.deleted, self.intents)


def _traced_until(row: Any) -> float:
    return time.monotonic() + row["trace_s"] if (row["trace_s"] or 0) > 0 else 0.0


def _changes(rows: Any) -> tuple[ChangeAvailability, ...]:
    return tuple(
        ChangeAvailability(operative, evse_id, connector_id, version)
        for version, operative, evse_id, connector_id in rows or ()
    )
