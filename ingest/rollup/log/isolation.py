"""Records applied in as few transactions as they take, and what stops one set aside alone.

A batch that is refused (``refusal``), or spends its CPU budget, is halved and its halves are applied one by one, down
to the record that does it. That one goes to the dead letters once a record of another charge point was written beside
it: by then it is the record, and not the program or the schema, that is wrong. Until that is known its partition is
held. With one charge point in the whole topic nobody can tell: it stays held, costs only itself, and a person decides
(``python -m ingest.rollup.redrive.skip``). What Postgres cannot do now is waited out and never sets anything aside.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from random import random
from typing import NamedTuple, TypeVar

import asyncpg

from ingest.rollup.fold.batch import Batch, Record, batch
from ingest.rollup.fold.budget import Budget
from ingest.rollup.fold.fold import Policy
from ingest.rollup.state.refusal import SLOW, Refused, TooSlow, is_refusal, place, unexpected
from ingest.rollup.state.store import Applied, Fenced, Move, Store
from shared.stores.postgres import AWAY
from shared.words.errors import Newer, Transient

from .quarantine import LettersRefused, Quarantine
from .reading import Reading
from .senders import TooMuchPoison

log = logging.getLogger("plugwatch.rollup.isolation")

TRIALS = 20  #: other charge points that are tried beside a record that fails; each is a transaction
HOLD_S = (1.0, 30.0)  #: how long a partition is held: at first, and at most
REFUSED_S = 60.0  #: the same where the dead-letter topic takes nothing: what is missing there is mended by a person

_OTHERS = (Fenced, Newer, TooMuchPoison, Transient, LettersRefused)  #: not about a record's content
_T = TypeVar("_T")

Done = Callable[[Batch, Sequence[Move], Applied], Awaitable[None]]


class Held(NamedTuple):
    """A record that its partition stands before, and for how long (s) until it is tried again."""

    record: Record
    for_s: float


class _Suspect:
    """A record that failed alone: how often, and whether another charge point's was written since."""

    def __init__(self, charge_point_key: int) -> None:
        self.charge_point_key = charge_point_key
        self.times = 0
        self.is_alone = True


class Isolation:
    """Applies the records of one rollup."""

    def __init__(
        self, *, store: Store, quarantine: Quarantine, reading: Reading, policy: Policy, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._quarantine = quarantine
        self._reading = reading
        self._policy = policy
        self._clock = clock
        self._suspects: dict[tuple[int, int], _Suspect] = {}  #: (partition, offset) →
        self._written: set[int] = set()  #: charge points that were written since a batch was refused

    async def apply(self, made: Batch, done: Done) -> list[Held]:
        """Applies it, each batch that it becomes ``done`` once it is committed; returns what holds its partition.

        Raises:
            Fenced: a position moved, or a partition was revoked.
            TooMuchPoison: a person must look.
            Transient: the dead-letter topic is away; try again.
        """
        held: dict[int, Held] = {}
        parts, is_refused = [made], False
        self._written.clear()
        while parts:
            part = parts.pop()
            if held.keys() & part.last.keys():
                part = batch(record for record in part.consumed if record.partition not in held)
            try:
                await self._apply(part, done)
            except (Refused, LettersRefused, TooSlow) as error:
                if isinstance(error, Refused) and not is_refused:
                    is_refused = True
                    self._written.clear()  # what was written before is no proof
                if part.records > 1:
                    parts += reversed(part.halves())
                elif (one := await self._set_aside(part, error, _in_order(parts), done)) is not None:
                    held[one.record.partition] = one
        return list(held.values())

    async def _apply(self, made: Batch, done: Done) -> None:
        if not made.records:
            return
        if made.poison:
            await self._waited(lambda: self._quarantine.isolate(made.poison), made)
        self._stays_ours(made)
        moves = self._reading.moves(made)
        applied = await self._waited(lambda: self._tried(made, moves), made)
        self._written.update(applied.changed)
        for at, suspect in list(self._suspects.items()):
            suspect.is_alone &= not (set(applied.changed) - {suspect.charge_point_key})
            if any(at[0] == move.partition and at[1] < move.next for move in moves):
                del self._suspects[at]
        await done(made, moves, applied)

    async def _tried(self, made: Batch, moves: Sequence[Move], *, is_trial: bool = False) -> Applied:
        budget = Budget(time.thread_time)
        alter = made.alter(self._policy, budget)
        return await self._store.apply(
            made.events.keys(), moves, alter, self._clock(), budget=budget, is_trial=is_trial
        )

    async def _set_aside(self, made: Batch, error: Exception, rest: Sequence[Record], done: Done) -> Held | None:
        """The only record of ``made`` does it: to the dead letters with it, if that may be; else it is held."""
        (record,) = made.last.values()
        if isinstance(error, Refused):
            (key,) = made.events
            suspect = self._suspects.setdefault((record.partition, record.offset), _Suspect(key))
            suspect.is_alone &= not (self._written - {key})
            suspect.is_alone = suspect.is_alone and not await self._another_passes(key, rest)
            if suspect.is_alone:
                log.error(
                    "a record cannot be applied, and none of another charge point has been since, so it may be this "
                    "program that is wrong: its partition waits. Roll back what was rolled out last; or, if the record "
                    "is, pass it: python -m ingest.rollup.redrive.skip --help",
                    extra=_where(record) | _why(error.cause),
                )
                suspect.times += 1
                return Held(record, min(HOLD_S[0] * 2 ** (suspect.times - 1), HOLD_S[1]))
            made = made.set_aside(unexpected(error.cause))
        try:
            await self._apply(made, done)
        except LettersRefused as refused:
            known = await self._waited(lambda: self._store.known_position(record.partition), made)
            if known is None or known.next != record.offset:
                raise Fenced("a poison record was passed by hand") from refused
            log.error(
                "a partition waits before a poison record, since the dead-letter topic takes none: create the topic, "
                "or mend its name (PLUGWATCH_DEAD_LETTER_TOPIC), its rights or its max.message.bytes",
                extra=_where(record) | {"error": str(refused)},
            )
            return Held(record, REFUSED_S)
        return None

    async def _another_passes(self, key: int, rest: Sequence[Record]) -> bool:
        """Whether a record of another charge point, of those behind, can be written now; it is only a trial."""
        tried: set[int] = {key}
        for record in rest:
            made = batch([record])
            if made.events.keys() <= tried:
                continue
            tried.update(made.events)
            if len(tried) > TRIALS:
                return False
            try:
                applied = await self._waited(lambda made=made: self._tried(made, (), is_trial=True), made)  # type: ignore[misc]
            except Refused:
                continue
            if applied.changed:
                return True
        return False

    async def _waited(self, work: Callable[[], Awaitable[_T]], made: Batch) -> _T:
        """What ``work`` gives, as soon as Postgres can.

        Raises:
            Refused, TooSlow: a smaller batch may pass.
        """
        wait_s = 0.1
        while True:
            slow: Exception | None = None
            try:
                return await work()
            except SLOW as error:
                slow = error
                log.warning(
                    "a batch waits: Postgres is too slow, or hangs; trying a smaller one. See what it is busy with "
                    "(pg_stat_activity)",
                    extra={"error": repr(error), "records": made.records},
                )
            except AWAY as error:
                log.warning("a batch waits: Postgres is away; trying again", extra={"error": repr(error)})
            except asyncpg.PostgresError as error:
                if is_refusal(error):
                    raise _refused(error, made) from error
                log.error(
                    "a batch waits: Postgres refuses the statements, whatever the record; mend what it names (rights, "
                    "migrations), nothing is lost meanwhile",
                    extra={"error": repr(error), "sqlstate": error.sqlstate},
                )
            except _OTHERS:
                raise
            except Exception as error:  # any at all: it is our own code on some record
                if not is_refusal(error):
                    raise
                raise _refused(error, made) from error
            await asyncio.sleep(wait_s * (0.5 + random()))  # noqa: S311
            wait_s = min(wait_s * 2, 5)
            self._stays_ours(made)
            if slow is not None and made.records > 1:
                raise TooSlow from slow

    def _stays_ours(self, made: Batch) -> None:
        if not made.last.keys() <= self._reading.owned:
            raise Fenced("partitions were revoked while a batch waited")


def _refused(error: Exception, made: Batch) -> Refused:
    log.warning(
        "a batch is refused: it is halved down to the record that does it",
        extra=_why(error) | {"records": made.records},
    )
    return Refused(error)


def _in_order(parts: Sequence[Batch]) -> list[Record]:
    return [record for part in reversed(parts) for record in part.consumed]


def _where(record: Record) -> dict[str, object]:
    return {
        "partition": record.partition,
        "offset": record.offset,
        "key": (record.key or b"")[:64].decode(errors="replace"),
    }


def _why(error: Exception) -> dict[str, object]:
    return {"error": repr(error)[:500], "place": place(error)}
