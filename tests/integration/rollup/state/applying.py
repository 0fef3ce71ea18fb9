"""A store of a rollup, and the next batch of a partition as it applies it."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from ingest.rollup.fold.batch import Batch, batch, digest
from ingest.rollup.fold.fold import Policy
from ingest.rollup.metrics import Metrics
from ingest.rollup.state.store import Applied, Move, Store
from shared.stores.postgres import Pool
from shared.words.event import Event
from tests.events import T0, records

POLICY = Policy()


def a_store(pool: Pool, topic: str) -> Store:
    return Store(pool, topic=topic, metrics=Metrics(CollectorRegistry()))


async def apply(store: Store, *events: Event, partition: int = 0, policy: Policy = POLICY) -> Applied:
    """Applies the events as the next batch of the partition."""
    stored = (await store.positions([partition]))[partition].next
    made = batch(records(*events, partition=partition, offset=stored))
    return await store.apply(made.events.keys(), moves(made, {partition: stored}), made.alter(policy), T0)


def moves(made: Batch, stored: dict[int, int]) -> Sequence[Move]:
    return [Move(number, stored[number], last.offset + 1, digest(last)) for number, last in made.last.items()]
