"""What a batch says to Postgres: rows as the schema has them, in as many statements whatever its size."""

import pytest

from ingest.rollup.state import statements as said
from shared.stores import fleet as road
from shared.stores import postgres
from shared.stores.columns import Columns
from shared.stores.postgres import Pool
from tests.events import SECOND, T0
from tests.integration.rollup.parts import Fleet
from tests.integration.rollup.state.applying import a_store, apply


async def test_plans_are_made_again_when_the_tables_have_grown(database_url: str, topic: str, fleet: Fleet) -> None:
    session = await fleet.session()
    planned_for = "SELECT current_setting('plugwatch.planned_for')::bigint"
    async with postgres.pool(database_url, size=1, name="planned") as pool:
        store = a_store(pool, topic)
        await apply(store, session.began(T0))
        before = await pool.fetchval(planned_for)
        await fleet.pool.execute(
            "INSERT INTO charge_points (id, document) SELECT 'G-' || n, repeat('x', 500) FROM generate_series(1, 200) n"
        )
        await apply(store, session.reported(T0 + SECOND))
        grown = await pool.fetchval(planned_for)
        await apply(store, session.reported(T0 + 2 * SECOND, "Charging"))
        assert before < grown == await pool.fetchval(planned_for)


async def test_a_batch_of_500_takes_as_many_statements_as_one_of_1(database_url: str, topic: str, fleet: Fleet) -> None:
    stations = [await fleet.station(f"S{number}") for number in range(10)]
    few = [await fleet.session("FEW", station_key=stations[0])]
    many = [await fleet.session(f"CP{number}", station_key=stations[number % 10]) for number in range(50)]
    statements: list[str] = []
    async with postgres.pool(database_url, size=1, name="counted") as pool:
        store = a_store(pool, topic)
        async with pool.acquire() as connection:
            connection.add_query_logger(lambda record: statements.append(record.query))
        counts: list[int] = []
        for sessions, each in ((few, 1), (few, 1), (many, 10), (many, 10), (few, 1)):  # asyncpg learns types first
            events = [
                one.reported(T0 + n, "Charging" if (n + len(counts)) % 2 else "Available")
                for one in sessions
                for n in range(each)
            ]
            await store.positions([0])
            statements.clear()
            await apply(store, *events)
            counts.append(len(statements) - 2)  # two ask for the position
    assert counts[2] == 5, "read"
    assert counts[3] == 2, "remembered, and so many revisions were not at hand"
    assert counts[4] == 1, "remembered"
    assert len(await fleet.history(many[-1].key, "STATUS")) == 19  # the second ten begin with the word before


SENT = [
    said.HISTORY, said.CHARGE_POINT, said.REPORT, said.PLACE, said.INTENT, road.STATION,
]  # fmt: skip


@pytest.mark.parametrize("columns", SENT, ids=lambda columns: columns.row_type)
async def test_rows_are_sent_as_the_schema_says(pool: Pool, columns: Columns) -> None:
    found = await pool.fetch(
        "SELECT attname, atttypid::regtype::text AS type FROM pg_attribute "
        "WHERE attrelid = (SELECT typrelid FROM pg_type WHERE typname = $1) ORDER BY attnum",
        columns.row_type,
    )
    short = {"integer": "int"}
    assert {row["attname"]: short.get(row["type"], row["type"]) for row in found} == columns.sent
    assert [row["attname"] for row in found] == columns.names
