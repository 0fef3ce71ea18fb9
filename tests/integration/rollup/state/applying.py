"""A store of a rollup, the next batch of a partition as it applies it, and whether it remembers what Postgres has."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from ingest.rollup.fold.batch import Batch, batch, digest
from ingest.rollup.fold.fold import Policy
from ingest.rollup.metrics import Metrics
from ingest.rollup.state import rows, statements
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


async def seen_right(store: Store, pool: Pool) -> int:
    """How much is remembered in the version that Postgres has; all of that is what would be read now."""
    stations, remembered, seen = store._memory._stations._held, store._memory._charge_points._held, 0
    async with pool.acquire() as connection:
        found = await statements.read(connection, list(stations), list(remembered))
    charge_points = rows.charge_points(found.charge_points, found.reports, found.intents)
    for row in found.charge_points:
        (one, known, _), read = remembered[row["key"]], charge_points[row["key"]]
        if known.xmin == row["xmin"] and read.expired is None and not read.forgotten:
            assert one == read
            assert (known.version, known.revision) == (row["version"], row["revision"])
            seen += 1
    for row in found.stations:
        station = stations[row["key"]]
        if station.row["xmin"] == row["xmin"]:
            assert station.row == row
            assert list(station.members.values()) == [one for one in found.members if one["station_key"] == row["key"]]
            seen += 1
    return seen
