"""A charge point in the making: events folded, and what came of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.rollup.fold import rules
from ingest.rollup.fold.fold import Folded, Policy, fold
from ingest.rollup.fold.state import ChargePoint, HistoryRow, Place, Wish
from ingest.rollup.state import rows
from shared.words import instant
from shared.words.documents import ChargePointDocument, ConnectorDocument
from shared.words.event import Event

_COLUMNS = (
    "key", "log_partition", "protocol", "vendor", "model", "serial", "firmware", "connectivity", "connectivity_since",
    "last_seen_at", "closed_at", "previous_seen_at", "gateway_id", "epoch", "sequence", "status", "health",
    "evse_counts", "connector_counts", "revision", "document",
)  # fmt: skip
_REPORT_COLUMNS = (
    "charge_point_key", "evse_id", "connector_id", "reported", "error_code", "vendor_error_code", "info", "since",
    "event_time", "reported_at", "received_at", "epoch", "sequence", "info_at",
)  # fmt: skip


def reloaded(one: ChargePoint) -> ChargePoint:
    """The charge point written to rows and its document, and read again."""
    inventory = {
        "id": one.id,
        "station_key": one.station_key,
        "station_id": one.station_id,
        "registration": one.registration,
        "operative": one.operative,
        "expires_at": None,
    }
    state = dict(zip(_COLUMNS, rows.charge_point_row(one, rules.view(one, revision=1)), strict=True))
    reports = [
        dict(zip(_REPORT_COLUMNS, rows.report_row(one.key, place, report), strict=True))
        for place, report in one.reports.items()
    ]
    wishes = [wish_row(one.key, place, wish) for place, wish in one.wishes.items() if not wish.is_over]
    return rows.charge_points([inventory | state], reports, wishes)[one.key]


def wish_row(key: int, place: Place, wish: Wish) -> dict[str, Any]:
    """A row of the table ``intents``."""
    return wish._asdict() | {
        "charge_point_key": key,
        "evse_id": place[0],
        "connector_id": place[1],
        "asked_at": instant.to_datetime(wish.asked_at),
        "answered_at": None if wish.answered_at is None else instant.to_datetime(wish.answered_at),
    }


@dataclass
class World:
    """One charge point and all that its events left."""

    policy: Policy = field(default_factory=Policy)
    one: ChargePoint = field(default_factory=lambda: ChargePoint(key=7, id="CP1", station_id="S1"))
    out: Folded = field(default_factory=Folded)

    def tell(self, *events: Event) -> "World":
        for event in events:
            fold(self.one, event, self.policy, self.out)
        return self

    def reload(self) -> None:
        self.one = reloaded(self.one)

    @property
    def document(self) -> ChargePointDocument:
        return rules.view(self.one, revision=1).document

    def connector(self, evse_id: int = 1, connector_id: int = 1) -> ConnectorDocument:
        (evse,) = (evse for evse in self.document.evses if evse.id == evse_id)
        (connector,) = (one for one in evse.connectors if one.id == connector_id)
        return connector

    def history(self, kind: str | None = None) -> list[HistoryRow]:
        return [row for row in self.out.history if kind in (None, row.kind)]


def told(events: Iterable[Event], policy: Policy | None = None) -> World:
    """The world after these events."""
    return World(policy or Policy()).tell(*events)


def words(rows_of_history: Sequence[HistoryRow]) -> list[str]:
    return [row.reported for row in rows_of_history]
