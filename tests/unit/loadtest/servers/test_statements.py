"""What a program asks of Postgres, read from Postgres' log."""

from pathlib import Path

from loadtest.servers.statements import Statements

LOG = """2026-03-01 00:00:00.001 UTC [7] LOG:  execute __asyncpg_stmt_1__: SELECT key
        FROM charge_points WHERE id = $1
2026-03-01 00:00:00.001 UTC [7] DETAIL:  Parameters: $1 = 'CP1'
2026-03-01 00:00:00.002 UTC [7] LOG:  statement: BEGIN;
2026-03-01 00:00:00.003 UTC [8] LOG:  checkpoint starting: time
"""


def test_statements_are_counted_without_what_is_none(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text(LOG + LOG)
    assert Statements(log).since_last() == {"SELECT key FROM charge_points WHERE id = $1": 2, "BEGIN;": 2}


def test_only_those_since_the_last_time_count(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text(LOG)
    statements = Statements(log)
    statements.since_last()
    assert not statements.since_last()
    with log.open("a") as more:
        more.write("2026-03-01 00:00:01.000 UTC [7] LOG:  statement: COMMIT;\n")
    assert statements.since_last() == {"COMMIT;": 1}
