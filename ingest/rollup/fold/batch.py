"""A poll's records made into a batch: decoded, grouped by charge point, positions and poison apart. Pure."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from shared.words import codec
from shared.words.errors import Poison
from shared.words.event import Event

from .budget import Budget
from .fold import Folded, Policy, fold
from .state import ChargePoint

EVENTS_A_LOOK = 16  #: at the budget, which costs as much as a tenth of an event


class Record(Protocol):
    """What a batch needs of a consumed record."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(slots=True)
class Batch:
    """Events by charge point, in order; how far each partition went; what cannot be applied."""

    events: dict[int, list[tuple[int, Event]]] = field(default_factory=dict)  #: key → (partition, event)
    last: dict[int, Record] = field(default_factory=dict)  #: partition → its last record
    poison: list[tuple[Record, Poison]] = field(default_factory=list)
    consumed: list[Record] = field(default_factory=list)
    oldest: int | None = None  #: earliest received_at (ms)
    newest: dict[int, int] = field(default_factory=dict)  #: partition → latest received_at (ms)

    @property
    def records(self) -> int:
        """How many there are in it."""
        return len(self.consumed)

    def alter(
        self, policy: Policy, budget: Budget | None = None
    ) -> Callable[[Mapping[int, ChargePoint], Folded], Collection[int]]:
        """The change to the charge points: all events folded, each charge point's in order.

        Raises:
            Costly: the budget was spent by the end of an event; the last one may be the cause, or all of them.
        """

        def altered(charge_points: Mapping[int, ChargePoint], out: Folded) -> Collection[int]:
            changed = []
            if budget is not None:
                budget.start()
            for key, events in self.events.items():
                charge_point = charge_points.get(key)
                if charge_point is None:
                    continue
                before = charge_point.version
                for number, (partition, event) in enumerate(events, 1):
                    charge_point.log_partition = partition
                    fold(charge_point, event, policy, out)
                    if budget is not None and (number % EVENTS_A_LOOK == 0 or number == len(events)):
                        budget.check()
                if charge_point.version != before or charge_point.touched:
                    changed.append(key)
            return changed

        return altered

    def set_aside(self, poison: Poison) -> "Batch":
        """The same position, its only record poison."""
        (record,) = self.last.values()
        return Batch(last=self.last, poison=[(record, poison)], consumed=self.consumed)

    def halves(self) -> "tuple[Batch, Batch]":
        """Two batches that are applied one after the other, the same events and positions in the end."""
        middle = len(self.consumed) // 2
        return batch(self.consumed[:middle]), batch(self.consumed[middle:])


def batch(records: Iterable[Record]) -> Batch:
    """The batch of these records.

    Raises:
        Newer: a record is of a later version.
    """
    made = Batch()
    for record in records:
        made.consumed.append(record)
        made.last[record.partition] = record
        try:
            event = codec.decode(record.value)
        except Poison as poison:
            made.poison.append((record, poison))
            continue
        made.events.setdefault(event.charge_point_key, []).append((record.partition, event))
        if made.oldest is None or event.received_at < made.oldest:
            made.oldest = event.received_at
        made.newest[record.partition] = max(event.received_at, made.newest.get(record.partition, 0))
    return made


def digest(record: Record) -> str:
    """What a log is known by: a short digest of a record, the same wherever it is read."""
    return hashlib.blake2b((record.key or b"") + b"\0" + (record.value or b""), digest_size=12).hexdigest()
