"""Flags from a charger's socket to document, lists and gauges; the minute between two sweeps is not waited for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from ingest.rollup.copy.publication import Publication
from ingest.rollup.log.consumer import Consumer
from ingest.rollup.metrics import Metrics
from ingest.rollup.state.flags import Flags
from ingest.rollup.state.store import Store
from ingest.rollup.upkeep.fleet_gauges import FleetGauges
from local.stack import Stack
from tests.integration.api.operated import Ingest, ingesting, new_id, plugged
from tests.integration.api.served import Api
from tests.integration.rollup.parts import clock, eventually, running

CHANGES, STUCK_S = 4, 0.2
WAITING = {"ocpp1.6": "Finishing", "ocpp2.0.1": "Occupied", "ocpp2.1": "Occupied"}


@pytest.fixture(scope="module")
def ingest(stack: Stack, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    settings = {"FLAPPING_CHANGES": str(CHANGES), "STUCK_S": str(STUCK_S)}
    with ingesting(stack, database_url, tmp_path_factory.mktemp("ingest"), **settings) as running:
        yield running


@dataclass(frozen=True)
class Everything:
    """A rollup that owns all there is, and is not behind."""

    partitions: frozenset[int] = frozenset(range(64))
    owned: frozenset[int] = frozenset(range(64))
    topic_partitions: int = 64
    lag_s: float = 0
    is_polling: bool = True


async def swept(api: Api) -> CollectorRegistry:
    """What the gauges tell after a sweep."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    store, publication = Store(api.pool, topic="flags", metrics=metrics), Publication(api.pool, api.copy, metrics)
    await Flags(
        api.pool, store, Everything(), publication, metrics,
        clock=clock, changes=CHANGES, stuck_s=STUCK_S, asked_s=3600,
    ).sweep()  # fmt: skip
    gauges = FleetGauges(api.pool, cast(Consumer, Everything()), metrics, clock=clock)
    async with running(gauges.run()):
        await eventually(lambda: _told(registry, "charge_points", "stuck") is not None)
    return registry


def _told(registry: CollectorRegistry, what: str, flag: str) -> float | None:
    return registry.get_sample_value(f"plugwatch_fleet_flagged_{what}", {"flag": flag})


async def ids(api: Api, path: str) -> list[Any]:
    items = (await api.client.get(f"/v1/{path}")).json()["items"]
    return [item.get("charge_point_id") or item["id"] for item in items]


@pytest.mark.parametrize("dialect", WAITING)
async def test_a_charger_whose_word_comes_and_goes_and_then_stays_shows_everywhere(
    api: Api, ingest: Ingest, dialect: str
) -> None:
    restless, steady = new_id(), new_id()
    await api.station("S1", restless, steady)
    is_stuck = dialect == "ocpp1.6"
    async with (
        plugged(api, ingest.gateways[0], steady, dialect),
        plugged(api, ingest.gateways[0], restless, dialect) as plug,
    ):
        for number in range(CHANGES + 1):
            await plug.report("Available" if number % 2 else WAITING[dialect])
        query = "SELECT now() - since > make_interval(secs => $2) AND reported = $3 FROM reports r JOIN charge_points c"

        async def stays() -> bool:
            where = "ON c.key = r.charge_point_key WHERE c.id = $1"
            return bool(await api.pool.fetchval(f"{query} {where}", restless, STUCK_S, WAITING[dialect]))

        await eventually(stays)
        told = await swept(api)
        document = (await api.client.get(f"/v1/charge-points/{restless}")).json()
        (connector,) = document["evses"][0]["connectors"]
        for shown in (document, connector):
            assert (shown["flapping"], shown["stuck"]) == (True, is_stuck)
        for path in ("charge-points?flapping=true", "connectors?flapping=true"):
            assert await ids(api, path) == [restless]
        for path in ("charge-points?stuck=true", "connectors?stuck=true"):
            assert await ids(api, path) == [restless] * is_stuck
        assert await ids(api, "charge-points?flapping=false") == [steady]
        for what in ("charge_points", "connectors"):
            assert (_told(told, what, "flapping"), _told(told, what, "stuck")) == (1, is_stuck)
        moved = await api.client.patch(f"/v1/charge-points/{restless}", json={"station_id": None})
        assert (moved.json()["flapping"], moved.json()["stuck"]) == (True, is_stuck), "it is the same charger"
        await api.client.delete(f"/v1/charge-points/{restless}")
        assert await ids(api, "charge-points?flapping=true") == []
        assert _told(await swept(api), "charge_points", "flapping") == 0
