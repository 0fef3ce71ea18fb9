"""What a batch is to write and to publish: the rows of ``statements.WRITE``, and the documents. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ingest.rollup.fold.budget import Budget
from ingest.rollup.fold.state import ChargePoint, HistoryRow
from ingest.rollup.fold.view import viewed
from shared.stores import fleet
from shared.stores.hot import Change
from shared.words import documents, instant

from . import rows, statements
from .statements import Found


class Written(NamedTuple):
    """Rows to be written, and the changes that they are."""

    charge_points: list[tuple[Any, ...]]
    reports: list[tuple[Any, ...]]
    stations: list[tuple[Any, ...]]
    changes: list[Change]

    def parameters(self, history: Iterable[HistoryRow]) -> list[Any]:
        """Those of ``statements.WRITE``."""
        return [
            *statements.HISTORY.arrays([rows.history_row(one) for one in history]),
            *statements.CHARGE_POINT.arrays(self.charge_points),
            *statements.REPORT.arrays(self.reports),
            *fleet.STATION.arrays(self.stations),
            [row[0] for row in self.stations],
            [row[0] for row in self.charge_points],
        ]


def written(changed: Sequence[ChargePoint], found: Found, now: int, budget: Budget | None) -> Written:
    """The charge points as they are now, and their stations; ``now`` is ms.

    Raises:
        Costly: the documents took more than the budget.
    """
    versions = {row["key"]: row["version"] for row in found.charge_points}
    made = Written([], [], [], [])
    members = {row["key"]: row for row in found.members}
    if budget is not None:
        budget.start()
    for one, revision in zip(changed, found.revisions, strict=False):
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
                etag=f'"{versions[one.key]}.{revision}"',
                document=document,
            )
        )
        if one.station_key is not None:
            members[one.key].update(
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
    touched_ones = [row for row in found.stations if row["key"] in touched]
    stations, changes = fleet.rolled_up(
        touched_ones,
        found.members,
        found.revisions[len(changed) :][: len(touched_ones)],
        now,
        [turn for one in changed for turn in one.turns],
    )
    made.stations.extend(stations)
    made.changes.extend(changes)
    return made
