"""State in Postgres: one transaction a batch, whatever the number of events in it.

The order inside is that of every writer: positions, stations, charge points, then the change (pure), then what it came
to, set-based: five round trips. Where all of a batch is remembered (``memory``) the change comes first, and one
statement does the rest; what is remembered wrongly is read. A charge point that moved to another station between the
first look and the lock makes the transaction start again.
"""

import contextlib
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ingest.rollup.fold.budget import Budget, Costly
from ingest.rollup.fold.fold import Folded
from ingest.rollup.fold.state import ChargePoint
from ingest.rollup.metrics import Metrics
from ingest.rollup.state import rows, statements
from ingest.rollup.state.known import Known
from ingest.rollup.state.memory import Memory
from ingest.rollup.state.refusal import is_refusal
from ingest.rollup.state.written import Written, written
from shared.stores import fleet
from shared.stores.hot import Change
from shared.stores.postgres import Connection, Pool

log = logging.getLogger("plugwatch.rollup.store")

TRIES = 5
REVISIONS = 16  #: are taken for the next batch at least


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
        self._memory = Memory()
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
        asked, memory = _Asked(sorted(keys), moves, alter, now, budget), self._memory
        known = memory.take(asked.keys) if keys and not is_trial else None
        try:
            step = None if known is None else await self._rewritten(known, asked, memory)
            if step is None:
                step = await self._read_and_written(asked, is_trial=is_trial)
                self._metrics.batches_read.inc()
        except Exception as error:
            if isinstance(error, Fenced) or not is_refusal(error):
                # Postgres may be another now, of an earlier moment, which gives the same xmin to other transactions.
                self._memory = Memory()
            raise
        if step.xmin is not None and not is_trial:
            memory.keep(step.known, step.changed, step.made, step.xmin)
        return step.applied

    async def _rewritten(self, known: Known, asked: "_Asked", memory: Memory) -> "_Step | None":
        """What is remembered, changed and committed; None where nothing is, and all of it is to be read."""
        folded = Folded()
        try:
            changed = _altered(known, asked.alter, folded)
            if not changed:
                return None
            async with self._pool.acquire(timeout=10) as connection:
                needed = len(changed) + len(known.stations)
                if len(memory.revisions) < needed or memory.revisions[0] <= known.newest:
                    memory.revisions = await fleet.take_revisions(connection, needed)
                revisions, memory.revisions = memory.revisions, []
                made = written(changed, known, revisions, asked.now, asked.budget)
                held = [self._topic, *_turned(asked.moves), *known.parameters, max(2 * needed, REVISIONS)]
                has_rest = folded.late or any(one.has_rest for one in changed)
                async with connection.transaction() if has_rest else contextlib.nullcontext():
                    row = await self._write(connection, statements.REWRITE, [*held, *made.parameters(folded.history)])
                    if has_rest:
                        await self._write_rest(connection, changed, folded)
        except Exception as error:
            if getattr(error, "sqlstate", None) == statements.NOT_SO:
                memory.doubt(known)
                self._metrics.batches_outdated.inc()
                return None
            # A batch of several that spent its budget would spend it again, and is halved: the halves are read.
            if not is_refusal(error) or (isinstance(error, Costly) and len(known.rows) > 1):
                raise
            # A bug of ours may fail on what a charge point was before another rollup wrote it, and not on what it is:
            # only of what was read is it sure that a record is the cause.
            log.warning(
                "what was remembered of charge points was refused: they are read, and tried again",
                extra={"error": repr(error)[:500], "charge_points": list(known.rows)[:5]},
            )
            return None
        memory.revisions = row["revisions"]
        memory.trust(known)
        self._metrics.batches_remembered.inc()
        return _step(known, changed, made, folded, row)

    async def _read_and_written(self, asked: "_Asked", *, is_trial: bool) -> "_Step":
        for _ in range(TRIES):
            try:
                async with self._pool.acquire(timeout=10) as connection, connection.transaction():
                    step = await self._under_locks(connection, asked)
                    if is_trial:
                        raise _Undone
            except _Undone:
                return step
            except fleet.Moved:
                continue
            return step
        raise TimeoutError("charge points kept moving between stations")

    async def _under_locks(self, connection: Connection, asked: "_Asked") -> "_Step":
        taken = await connection.fetchrow(statements.TAKE, self._topic, *_turned(asked.moves), asked.keys)
        assert taken is not None
        if taken["moved"] != len(asked.moves):
            raise Fenced(f"{taken['moved']} of {len(asked.moves)} positions are where this rollup left them")
        if not asked.keys:
            return _step(Known({}, {}, {}, {}), [], Written([], [], [], [], []), Folded(), None)
        found = await statements.read(connection, taken["stations"], asked.keys)
        if not {one["station_key"] for one in found.charge_points} <= {None, *taken["stations"]}:
            raise fleet.Moved
        known = Known.read(found, rows.charge_points(found.charge_points, found.reports, found.intents))
        self._say_mended(known.charge_points.values())
        folded = Folded()
        changed = _altered(known, asked.alter, folded)
        made = written(changed, known, found.revisions, asked.now, asked.budget)
        row = None
        if changed or folded.history:
            row = await self._write(connection, statements.WRITE, made.parameters(folded.history))
        await self._write_rest(connection, changed, folded)
        return _step(known, changed, made, folded, row)

    async def _write(self, connection: Connection, statement: str, parameters: Sequence[Any]) -> Any:
        """Returns the id of its note, and the xmin of what it wrote."""
        return await connection.fetchrow(statement, *parameters)

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

    async def _write_rest(self, connection: Connection, changed: Sequence[ChargePoint], folded: Folded) -> None:
        """What few batches bring."""
        gone = [(one.key, *place) for one in changed for place in sorted(one.forgotten)]
        if gone:
            await connection.execute(statements.DELETE_REPORTS, gone)
        intents = [rows.intent_row(one, place) for one in changed for place in sorted(one.touched_intents)]
        if intents:
            await connection.execute(statements.UPDATE_INTENTS, intents)
        ended = [(one.key, *place) for one in changed for place in sorted(one.gone_intents)]
        if ended:
            await connection.execute(statements.DELETE_INTENTS, ended)
        if intents or ended:
            await fleet.announce(connection, sorted({row[0] for row in (*intents, *ended)}))
        if folded.late:
            lines = [rows.history_row(row) for row in folded.late]
            await connection.execute(statements.INSERT_LATE, lines)


class _Asked(NamedTuple):
    """What a transaction is asked to do."""

    keys: list[int]
    moves: Sequence[Move]
    alter: Alter
    now: int
    budget: Budget | None


class _Step(NamedTuple):
    """What a transaction is to come to, and what may be remembered of it once it is committed."""

    applied: Applied
    known: Known
    changed: list[ChargePoint]
    made: Written
    xmin: int | None  #: of the rows that it wrote, if it did


def _step(known: Known, changed: list[ChargePoint], made: Written, folded: Folded, row: Any) -> _Step:
    note, xmin = (None, None) if row is None else (row["note"], row["xmin"])
    applied = Applied(made.changes, note, folded, known.charge_points.keys(), [one.key for one in changed])
    return _Step(applied, known, changed, made, xmin)


def _altered(known: Known, alter: Alter, folded: Folded) -> list[ChargePoint]:
    return [known.charge_points[key] for key in sorted(alter(known.charge_points, folded))]


def _turned(moves: Sequence[Move]) -> Iterable[Sequence[Any]]:
    return zip(*moves, strict=True) if moves else ([], [], [], [])
