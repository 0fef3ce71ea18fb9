"""The load test's seed is a network that the rules could have made."""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from ingest.rollup.fold import rules
from ingest.rollup.fold.view import viewed
from ingest.rollup.state import rows, statements
from loadtest.list_latency import fill
from shared.stores import postgres
from shared.stores.postgres import Pool
from shared.words import documents
from shared.words.documents import Contribution

STATIONS = 2_001


@pytest.fixture
async def filled(database_url: str) -> AsyncIterator[Pool]:
    async with postgres.pool(database_url, size=1, name="test") as opened:
        if not await opened.fetchval("SELECT count(*) FROM stations"):
            await fill.fill(database_url, STATIONS)
        yield opened


async def test_statuses_are_what_the_rules_make_of_the_reports(filled: Pool) -> None:
    async with filled.acquire() as connection, connection.transaction():
        keys = [row["key"] for row in await connection.fetch("SELECT key FROM charge_points ORDER BY key")]
        found = await statements.read(connection, [], keys)
        known = rows.charge_points(found.charge_points, found.reports, found.intents)
        stored = await connection.fetch(
            "SELECT key, status, health, evse_counts, connector_counts, document FROM charge_points"
        )
    for row in stored:
        one = known[row["key"]]
        one.evses.clear()
        one.connectors.clear()
        rules.settle(one, 0, "recency")
        view = viewed(one, 1)
        told = json.loads(row["document"])
        assert one.mended == []
        assert (row["status"], row["health"]) == (view.document.status, view.document.health), one
        assert (row["evse_counts"], row["connector_counts"]) == (view.evse_counts, view.connector_counts), one
        assert (told["status"], told["health"], told["counts"]) == (row["status"], row["health"], row["evse_counts"])
        assert told["connectivity"] == one.connectivity
        assert [evse["status"] for evse in told["evses"]] == [evse.status for evse in view.document.evses]


async def test_stations_are_what_their_charge_points_come_to(filled: Pool) -> None:
    stations = await filled.fetch("SELECT * FROM stations")
    members: dict[int, list[asyncpg.Record]] = {}
    for row in await filled.fetch("SELECT * FROM charge_points WHERE station_key IS NOT NULL"):
        members.setdefault(row["station_key"], []).append(row)
    assert len(stations) == STATIONS
    for station in stations:
        of_it = members[station["key"]]
        rolled = documents.roll_up(Contribution(one["status"], one["evse_counts"]) for one in of_it)
        stored = (station["status"], station["health"], station["partially_available"], station["counts"])
        assert stored == (rolled.status, rolled.health, rolled.partially_available, rolled.counts), station
        assert sum(station["connectivity_counts"].values()) == len(of_it)
