"""State in Postgres: one transaction a batch, whatever the number of events in it.

The order inside is that of every writer: positions, stations, charge points, then the change (pure),
then what it came to, set-based. A charge point that moved to another station between the first look
and the lock makes the transaction start again.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from ingest.rollup.fold.budget import Budget
from ingest.rollup.fold.fold import Folded
from ingest.rollup.fold.state import ChargePoint
from ingest.rollup.fold.view import viewed
from ingest.rollup.metrics import Metrics
from ingest.rollup.state import rows
from shared.stores import fleet
from shared.stores.hot import Change
from shared.stores.postgres import Connection, Pool
from shared.words import documents

log = logging.getLogger("plugwatch.rollup.store")

TRIES = 5

_MOVE_POSITIONS = """
    UPDATE log_positions p SET next = n.next, last_record = n.last_record
    FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::text[]) AS n(partition, stored, next, last_record)
    WHERE p.topic = $1 AND p.partition = n.partition AND p.next = n.stored
"""


class Fenced(Exception):
    """Somebody else moved the position of a partition: this rollup slept and must join again."""


class _Undone(Exception):
    """It went well, and was only a trial."""


class Position(NamedTuple):
    """How far a partition has been applied: the next offset, and the last record's digest."""

    next: int
    last_record: str | None


class Move(NamedTuple):
    """A step of a partition's position: from what Postgres has to what this transaction makes it."""

    partition: int
    stored: int
    next: int
    last_record: str | None


class Applied(NamedTuple):
    """What a committed transaction changed, to be published."""

    changes: list[Change]
    note: int | None
    folded: Folded
    found: Collection[int]  #: keys of the charge points that exist
    changed: Collection[int]  #: keys of the charge points that were written


#: The change itself: alters the charge points in place and tells which of them changed.
Alter = Callable[[Mapping[int, ChargePoint], Folded], Collection[int]]


class Store:
    """The rollup's side of Postgres."""

    def __init__(self, pool: Pool, *, topic: str, metrics: Metrics) -> None:
        self._pool = pool
        self._topic = topic
        self._metrics = metrics
        self._mended: set[int] = set()  #: charge points that were said to be, once in a process

    async def positions(self, partitions: Collection[int]) -> dict[int, Position]:
        """Where each partition was left; (0, None) for one never seen."""
        await self._pool.execute(
            "INSERT INTO log_positions (topic, partition) SELECT $1, unnest($2::int[]) ON CONFLICT DO NOTHING",
            self._topic,
            sorted(partitions),
        )
        found = await self._pool.fetch(
            "SELECT partition, next, last_record FROM log_positions WHERE topic = $1 AND partition = ANY($2::int[])",
            self._topic,
            sorted(partitions),
        )
        return {row["partition"]: Position(row["next"], row["last_record"]) for row in found}

    async def known_position(self, partition: int) -> Position | None:
        """Where it stands; None for one that no rollup has read."""
        row = await self._pool.fetchrow(
            "SELECT next, last_record FROM log_positions WHERE topic = $1 AND partition = $2", self._topic, partition
        )
        return None if row is None else Position(row["next"], row["last_record"])

    async def apply(
        self,
        keys: Collection[int],
        moves: Sequence[Move],
        alter: Alter,
        now: int,
        *,
        budget: Budget | None = None,
        is_trial: bool = False,
    ) -> Applied:
        """Alters the charge points of ``keys`` and moves positions, all or nothing; of a trial, nothing stays.

        Raises:
            Fenced: a position is not where ``moves`` has it.
            one of ``postgres.AWAY``: nothing happened, or (connection lost in the commit) all of it;
                trying again is right, a commit that did happen shows as Fenced.
            anything else: nothing happened; ``refusal`` knows whether a record is the cause.
        """
        for _ in range(TRIES):
            async with self._pool.acquire(timeout=10) as connection:
                try:
                    async with connection.transaction():
                        applied = await self._apply(connection, keys, moves, alter, now, budget)
                        if is_trial:
                            raise _Undone
                        return applied
                except _Undone:
                    return applied
                except fleet.Moved:
                    continue
        raise TimeoutError("charge points kept moving between stations")

    async def _apply(
        self,
        connection: Connection,
        keys: Collection[int],
        moves: Sequence[Move],
        alter: Alter,
        now: int,
        budget: Budget | None,
    ) -> Applied:
        await self._move(connection, moves)
        folded = Folded()
        if not keys:
            return Applied([], None, folded, (), ())
        found = await fleet.lock_charge_points(connection, keys, rows.CHARGE_POINTS)
        versions = {row["key"]: row["version"] for row in found}
        reports = await connection.fetch(rows.REPORTS, list(versions))
        charge_points = rows.charge_points(found, reports, await connection.fetch(rows.INTENTS, list(versions)))
        self._say_mended(charge_points.values())
        changed = sorted(alter(charge_points, folded))
        await self._write_history(connection, folded)
        if not changed:
            return Applied([], None, folded, versions, ())
        changes = await self._write(connection, [charge_points[key] for key in changed], versions, now, budget)
        touched = {station for key in changed if (station := charge_points[key].station_key) is not None}
        turns = [turn for key in changed for turn in charge_points[key].turns]
        changes += await fleet.roll_up(connection, touched, now, turns)
        note = await fleet.note(connection, touched, changed)
        return Applied(changes, note, folded, versions, changed)

    def _say_mended(self, charge_points: Iterable[ChargePoint]) -> None:
        for one in charge_points:
            if one.mended and one.key not in self._mended:
                self._mended.add(one.key)
                self._metrics.unreadable.inc()
                log.error(
                    "a charge point's rows could not be read as they stand; what is lost of them comes with its next "
                    "reports: see monitoring/runbooks/RowsUnreadable.md",
                    extra={"charge_point": one.id, "key": one.key, "what": one.mended[:5]},
                )

    async def _move(self, connection: Connection, moves: Sequence[Move]) -> None:
        if moves:
            status = await connection.execute(_MOVE_POSITIONS, self._topic, *zip(*moves, strict=True))
            if status != f"UPDATE {len(moves)}":
                raise Fenced(f"positions are not where this rollup left them: {status}, wanted {len(moves)}")

    async def _write(
        self,
        connection: Connection,
        charge_points: Sequence[ChargePoint],
        versions: Mapping[int, int],
        now: int,
        budget: Budget | None,
    ) -> list[Change]:
        revisions = await fleet.take_revisions(connection, len(charge_points))
        changes: list[Change] = []
        charge_point_rows = []
        report_rows = []
        intent_rows = []
        if budget is not None:
            budget.start()
        for one, revision in zip(charge_points, revisions, strict=True):
            view = viewed(one, revision)
            document = documents.encode(view.document)
            charge_point_rows.append(rows.charge_point_row(one, view, document, now))
            report_rows += [rows.report_row(one, place) for place in sorted(one.touched)]
            intent_rows += [rows.intent_row(one, place) for place in sorted(one.touched_intents)]
            changes.append(
                Change(
                    kind="charge_point",
                    station_id=one.station_id,
                    charge_point_id=one.id,
                    revision=revision,
                    etag=f'"{versions[one.key]}.{revision}"',
                    document=document,
                )
            )
            if budget is not None:
                budget.check()
        await connection.execute(rows.UPDATE, *rows.CHARGE_POINT.arrays(charge_point_rows))
        if report_rows:
            await connection.execute(rows.UPSERT_REPORTS, *rows.REPORT.arrays(report_rows))
        gone = [(one.key, *place) for one in charge_points for place in sorted(one.forgotten)]
        if gone:
            await connection.execute(rows.DELETE_REPORTS, *rows.PLACE.arrays(gone))
        if intent_rows:
            await connection.execute(rows.UPDATE_INTENTS, *rows.INTENT.arrays(intent_rows))
        ended = [(one.key, *place) for one in charge_points for place in sorted(one.gone_intents)]
        if ended:
            await connection.execute(rows.DELETE_INTENTS, *rows.PLACE.arrays(ended))
        if intent_rows or ended:
            await fleet.announce(connection, sorted({row[0] for row in (*intent_rows, *ended)}))
        return changes

    async def _write_history(self, connection: Connection, folded: Folded) -> None:
        if folded.history:
            lines = [rows.history_row(row) for row in folded.history]
            await connection.execute(rows.INSERT_HISTORY, *rows.HISTORY.arrays(lines))
        if folded.late:
            lines = [rows.history_row(row) for row in folded.late]
            await connection.execute(rows.INSERT_LATE, *rows.HISTORY.arrays(lines))
