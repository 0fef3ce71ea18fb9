"""State in Postgres: one transaction a batch, whatever the number of events in it.

The order inside is that of every writer: positions, stations, charge points, then the change (pure),
then what it came to, set-based: five round trips for nearly every batch. A charge point that moved to
another station between the first look and the lock makes the transaction start again.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ingest.rollup.fold.budget import Budget
from ingest.rollup.fold.fold import Folded
from ingest.rollup.fold.state import ChargePoint
from ingest.rollup.metrics import Metrics
from ingest.rollup.state import rows, statements
from ingest.rollup.state.written import written
from shared.stores import fleet
from shared.stores.hot import Change
from shared.stores.postgres import Connection, Pool

log = logging.getLogger("plugwatch.rollup.store")

TRIES = 5


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
        wanted = sorted(keys)
        taken = await connection.fetchrow(statements.TAKE, self._topic, *_turned(moves), wanted)
        assert taken is not None
        if taken["moved"] != len(moves):
            raise Fenced(f"{taken['moved']} of {len(moves)} positions are where this rollup left them")
        folded = Folded()
        if not wanted:
            return Applied([], None, folded, (), ())
        found = await statements.read(connection, taken["stations"], wanted)
        if not {one["station_key"] for one in found.charge_points} <= {None, *taken["stations"]}:
            raise fleet.Moved
        charge_points = rows.charge_points(found.charge_points, found.reports, found.intents)
        self._say_mended(charge_points.values())
        changed = [charge_points[key] for key in sorted(alter(charge_points, folded))]
        made, note = written(changed, found, now, budget), None
        if changed or folded.history:
            note = await self._write(connection, made.parameters(folded.history))
            await self._write_rest(connection, changed)
        if folded.late:
            lines = [rows.history_row(row) for row in folded.late]
            await connection.execute(statements.INSERT_LATE, *statements.HISTORY.arrays(lines))
        return Applied(made.changes, note, folded, charge_points.keys(), [one.key for one in changed])

    async def _write(self, connection: Connection, parameters: Sequence[Any]) -> int:
        """Returns the id of its note."""
        return int(await connection.fetchval(statements.WRITE, *parameters))

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

    async def _write_rest(self, connection: Connection, changed: Sequence[ChargePoint]) -> None:
        """What few batches bring."""
        gone = [(one.key, *place) for one in changed for place in sorted(one.forgotten)]
        if gone:
            await connection.execute(statements.DELETE_REPORTS, *statements.PLACE.arrays(gone))
        intents = [rows.intent_row(one, place) for one in changed for place in sorted(one.touched_intents)]
        if intents:
            await connection.execute(statements.UPDATE_INTENTS, *statements.INTENT.arrays(intents))
        ended = [(one.key, *place) for one in changed for place in sorted(one.gone_intents)]
        if ended:
            await connection.execute(statements.DELETE_INTENTS, *statements.PLACE.arrays(ended))
        if intents or ended:
            await fleet.announce(connection, sorted({row[0] for row in (*intents, *ended)}))


def _turned(moves: Sequence[Move]) -> Iterable[Sequence[Any]]:
    return zip(*moves, strict=True) if moves else ([], [], [], [])
