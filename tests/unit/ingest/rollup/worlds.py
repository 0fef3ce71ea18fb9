"""A charge point in the making: events folded, and what came of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.rollup.fold.fold import Folded, Policy, fold
from ingest.rollup.fold.state import ChargePoint, HistoryRow, Intent, Place
from ingest.rollup.fold.view import viewed
from ingest.rollup.state import rows, statements
from shared.stores.columns import Columns
from shared.words import documents, instant
from shared.words.documents import ChargePointDocument, ConnectorDocument
from shared.words.event import Event


def stored(columns: Columns, row: Sequence[Any]) -> dict[str, Any]:
    """A row as Postgres gives it back."""
    return {
        name: instant.to_datetime(value) if columns.is_time(name) and value is not None else value
        for name, value in zip(columns.names, row, strict=True)
    }


def reloaded(one: ChargePoint, **damaged: object) -> ChargePoint:
    """The charge point written to rows, and read again, with these columns of its reports changed in between."""
    inventory = {
        "id": one.id,
        "station_key": one.station_key,
        "station_id": one.station_id,
        "registration": one.registration,
        "has_password": one.has_password,
        "expires_at": None,
    }
    view = viewed(one, revision=1)
    state = stored(statements.CHARGE_POINT, rows.charge_point_row(one, view, documents.encode(view.document), now=1))
    reports = [stored(statements.REPORT, rows.report_row(one, place)) | damaged for place in sorted(one.reports)]
    intents = [intent_row(one.key, place, intent) for place, intent in one.intents.items()]
    return rows.charge_points([inventory | state], reports, intents)[one.key]


def intent_row(key: int, place: Place, intent: Intent) -> dict[str, Any]:
    """A row of the table ``intents``."""
    times = {name: getattr(intent, name) for name in ("asked_at", "answered_at", "confirmed_at")}
    note, by, since = intent.before or (None, None, None)
    times["out_since"] = since
    return (
        intent._asdict()
        | {name: None if at is None else instant.to_datetime(at) for name, at in times.items()}
        | {"charge_point_key": key, "evse_id": place[0], "connector_id": place[1], "out_note": note, "out_by": by}
    )


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
        return viewed(self.one, revision=1).document

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
