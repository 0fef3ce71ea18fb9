"""What a batch is to write and to publish: the rows of ``statements.WRITE``, and the documents. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ingest.rollup.fold.budget import Budget
from ingest.rollup.fold.state import ChargePoint, HistoryRow
from ingest.rollup.fold.view import viewed
from shared.stores import fleet
from shared.stores.hot import Change
from shared.words import documents, instant

from . import rows
from .known import Known


class Written(NamedTuple):
    """Rows to be written, and the changes that they are."""

    charge_points: list[tuple[Any, ...]]
    reports: list[tuple[Any, ...]]
    stations: list[tuple[Any, ...]]
    changes: list[Change]
    standing: list[dict[str, Any]]  #: the stations, rows of ``served.STATION``

    def parameters(self, history: Iterable[HistoryRow]) -> list[Any]:
        """Those of ``statements.WRITE``, and the last of ``REWRITE``."""
        return [
            [rows.history_row(one) for one in history],
            self.charge_points,
            self.reports,
            self.stations,
            [row[0] for row in self.stations],
            [row[0] for row in self.charge_points],
        ]


def written(
    changed: Sequence[ChargePoint], known: Known, revisions: Sequence[int], now: int, budget: Budget | None
) -> Written:
    """The charge points as they are now, and their stations; ``now`` is ms, ``revisions`` are enough for all known.

    Raises:
        Costly: the documents took more than the budget.
    """
    made = Written([], [], [], [], [])
    if budget is not None:
        budget.start()
    for one, revision in zip(changed, revisions, strict=False):
        view = viewed(one, revision)
        document = documents.encode(view.document)
        made.charge_points.append(rows.charge_point_row(one, view, document, now))
        made.reports.extend(rows.report_row(one, place) for place in sorted(one.touched))
        made.changes.append(
            Change(
                kind="charge_point",
                station_id=one.station_id,
                charge_point_id=one.id,
                revision=revision,
                etag=f'"{known.rows[one.key].version}.{revision}"',
                document=document,
            )
        )
        if one.station_key is not None:
            known.members[one.key].update(
                status=view.document.status,
                status_since=None if one.status_since is None else instant.to_datetime(one.status_since),
                connectivity=one.connectivity,
                operative=view.document.operative,
                evse_counts=view.evse_counts,
                document=document.decode(),
            )
        if budget is not None:
            budget.check()
    touched = {one.station_key for one in changed}
    stations = [row for key, row in known.stations.items() if key in touched]
    rolled = fleet.rolled_up(
        stations,
        known.members.values(),
        revisions[len(changed) :][: len(stations)],
        now,
        [turn for one in changed for turn in one.turns],
    )
    made.stations.extend(rolled.rows)
    made.changes.extend(rolled.changes)
    made.standing.extend(rolled.stations)
    return made
