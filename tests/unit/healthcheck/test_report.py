"""The verdict, and how it is shown to people and to programs."""

import json
from datetime import UTC, datetime

import pytest

import healthcheck
from healthcheck import EXIT, Report, Result, State

OK = Result("ready", "api", "ok", "redis and postgres ok", took_ms=1.26)
SKIPPED = Result("alerts", "all", "skipped", "no Prometheus is known", "give --prometheus")
DEGRADED = Result("ready", "gateway", "degraded", "ready, but without redis", "look: logs of redis")
UNHEALTHY = Result("websocket", "ocpp1.6", "unhealthy", "a charger gets nowhere: no answer in time", "look there")


def report(*results: Result) -> Report:
    return Report("a test", results, 0.25)


def table(*results: Result, colour: bool = False, quiet: bool = False) -> str:
    return healthcheck.table(report(*results), colour=colour, quiet=quiet, at="12:00:00")


@pytest.mark.parametrize(
    ("results", "verdict", "code"),
    [
        ([], "ok", 0),
        ([OK, SKIPPED], "ok", 0),
        ([OK, DEGRADED], "degraded", 1),
        ([UNHEALTHY, OK, DEGRADED], "unhealthy", 2),
    ],
)
def test_the_verdict_is_the_worst_that_was_found(results: list[Result], verdict: State, code: int) -> None:
    assert report(*results).verdict == verdict
    assert EXIT[verdict] == code


def test_the_table_says_what_to_do_below_what_is_not_well_and_the_verdict_last() -> None:
    lines = table(OK, DEGRADED, UNHEALTHY).splitlines()
    assert lines[0] == "Plugwatch by a test at 12:00:00"
    assert lines[2] == "ready      ok         api      redis and postgres ok  1 ms"
    assert lines[3] == "           degraded   gateway  ready, but without redis"
    assert lines[4].strip() == "→ look: logs of redis"
    assert lines[-1] == "UNHEALTHY: websocket ocpp1.6; 2 of 3 checks not well"


def test_the_same_advice_is_given_once() -> None:
    assert table(DEGRADED, DEGRADED).count("→") == 1


def test_quiet_shows_only_what_is_not_well_and_nothing_when_all_is() -> None:
    assert table(OK, SKIPPED, quiet=True) == ""
    assert "redis and postgres" not in table(OK, DEGRADED, quiet=True)
    assert table(OK, DEGRADED, quiet=True).splitlines()[-1].startswith("DEGRADED: ready gateway")


def test_colours_are_there_only_when_asked_for() -> None:
    assert "\x1b[" not in table(OK, DEGRADED, UNHEALTHY)
    assert "\x1b[1;31munhealthy\x1b[0m" in table(UNHEALTHY, colour=True)


def test_many_troubles_are_summed_up() -> None:
    many = [Result("state", f"service-{number}", "degraded", "-") for number in range(9)]
    assert table(*many).splitlines()[-1] == (
        "DEGRADED: state service-0, state service-1, state service-2 and 6 more; 9 of 9 checks not well"
    )


def test_json_is_one_line_with_these_keys() -> None:
    line = healthcheck.document(report(OK, SKIPPED, DEGRADED), datetime(2026, 11, 24, 18, 0, tzinfo=UTC))
    assert line.count("\n") == 1
    told = json.loads(line)
    checks = told.pop("checks")
    assert told == {
        "schema_version": 1,
        "verdict": "degraded",
        "place": "a test",
        "checked_at": "2026-11-24T18:00:00Z",
        "took_ms": 250.0,
        "counts": {"ok": 1, "skipped": 1, "degraded": 1, "unhealthy": 0},
    }
    assert checks[0] == {
        "check": "ready",
        "subject": "api",
        "state": "ok",
        "detail": "redis and postgres ok",
        "hint": "",
        "took_ms": 1.3,
        "facts": {},
        "service": "",
    }
    assert [list(check) for check in checks] == [list(checks[0])] * 3


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain", "plain"),
        ("two\r\nlines\tof it", "two lines of it"),
        ("\x1b[2Jgone\x07", "[2Jgone"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_the_words_of_others_do_nothing_to_a_terminal(said: str, shown: str) -> None:
    assert healthcheck.clean(said) == shown
