"""What our processes say of themselves: /readyz, /metrics, lag; and what fires."""

import json
from typing import Any

import pytest

import healthcheck
from healthcheck import Answer, Result, Told

UP = {"kafka": "ok", "redis": "ok", "postgres": "ok"}


def look(name: str) -> str:
    return f"logs of {name}"


def readyz(status: int, **dependencies: str) -> Answer:
    return Answer(status, json.dumps({"status": "-", "dependencies": dependencies}), 1.5)


def ready(answer: Answer | None, service: str = "gateway", subject: str = "gateway") -> Result:
    return healthcheck.readiness(Told(service, subject, answer, error="nobody listens there"), look)


def test_ready_with_all_dependencies_is_ok_and_names_them() -> None:
    found = ready(readyz(200, **UP))
    assert (found.state, found.detail, found.hint) == ("ok", "kafka, redis and postgres ok", "")
    assert found.facts == {"status": 200, "dependencies": UP}


def test_ready_without_a_dependency_is_degraded_and_says_what_that_means() -> None:
    found = ready(readyz(200, **UP | {"redis": "away"}))
    assert (found.state, found.detail) == ("degraded", "ready, but without redis")
    assert "Redis is a copy" in found.hint
    assert "logs of redis" in found.hint


def test_not_ready_is_unhealthy_and_says_for_want_of_what() -> None:
    found = ready(readyz(503, postgres="unavailable", redis="ok", kafka="unavailable"))
    assert (found.state, found.detail) == ("unhealthy", "not ready: postgres unavailable and kafka unavailable")
    assert [hint.split()[0] for hint in found.hint.splitlines()] == ["nothing", "without"]


def test_silence_is_unhealthy() -> None:
    assert ready(None).detail == "does not answer: nobody listens there"
    assert ready(None).hint == "look: logs of gateway"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (200, "hello"),
        (404, "{}"),
        (200, "[1]"),
        (502, "\x1b[31mBad Gateway"),
        (503, '{"dependencies": 3}'),
        (404, '{"dependencies": {}}'),
    ],
)
def test_an_answer_that_is_not_ours_is_said_to_be_none(status: int, text: str) -> None:
    found = ready(Answer(status, text))
    assert found.state == "unhealthy"
    assert "not as Plugwatch does" in found.detail
    assert found.detail.isprintable()


def test_one_replica_of_two_down_is_degraded_and_all_down_unhealthy() -> None:
    up, down = ready(readyz(200, **UP), subject="gateway-1"), ready(None, subject="gateway-2")
    other = ready(None, "rollup", "rollup")
    assert [one.state for one in healthcheck.softened([up, down, other])] == ["ok", "degraded", "unhealthy"]
    assert [one.state for one in healthcheck.softened([down, down])] == ["unhealthy", "unhealthy"]


def test_a_service_of_which_nothing_runs_is_unhealthy() -> None:
    replicas = [healthcheck.by_url(name, name, "http://127.0.0.1:1", "") for name in ("gateway", "api")]
    assert [(one.subject, one.state) for one in healthcheck.absent(replicas, "start it")] == [("rollup", "unhealthy")]


def told(closed: int, opened: int | None, service: str = "gateway", text: str = "") -> Told:
    metrics = None if opened is None else Answer(opened, text)
    return Told(service, service, readyz(200), Answer(closed, ""), metrics)


@pytest.mark.parametrize(
    ("closed", "opened", "state"),
    [(401, 200, "ok"), (401, None, "ok"), (200, 200, "degraded"), (404, None, "degraded"), (401, 401, "degraded")],
)
def test_metrics_are_closed_without_a_token_and_open_with_it(closed: int, opened: int | None, state: str) -> None:
    assert [one.state for one in healthcheck.guarded([told(closed, opened)])] == [state]


def test_all_that_are_guarded_share_a_line() -> None:
    (line,) = healthcheck.guarded([told(401, 200, name) for name in ("gateway", "rollup", "api")])
    assert (line.subject, line.detail) == ("api, gateway and rollup", "401 without a token; 200 with it")


def lag(*texts: str) -> Result:
    return healthcheck.lagging([told(401, 200, "rollup", text) for text in texts], 60.0, 1_000)


def exported(seconds: str, *records: int) -> str:
    lines = [f'plugwatch_rollup_lag_records{{partition="{number}"}} {n}.0' for number, n in enumerate(records)]
    return "\n".join(["# HELP plugwatch_rollup_lag_seconds Age", f"plugwatch_rollup_lag_seconds {seconds}", *lines, ""])


def test_lag_is_the_oldest_of_all_rollups_and_the_sum_of_their_records() -> None:
    found = lag(exported("0.0", 0, 3), exported("2.5", 7))
    assert (found.state, found.facts) == ("ok", {"seconds": 2.5, "records": 10})


@pytest.mark.parametrize(("seconds", "records"), [("60.1", 5), ("1.0", 1_001)])
def test_lag_beyond_a_limit_is_degraded(seconds: str, records: int) -> None:
    assert lag(exported(seconds, records)).state == "degraded"


def test_lag_that_a_rollup_does_not_know_yet_is_no_number() -> None:
    assert lag(exported("+Inf", 5)).state == "degraded"
    json.dumps(lag(exported("+Inf", 5)).facts, allow_nan=False)


def test_without_a_token_lag_is_skipped_and_the_hint_says_how_to_give_one() -> None:
    found = healthcheck.lagging([told(401, None, "rollup")], 60.0, 1_000)
    assert (found.state, found.hint.partition(",")[0]) == ("skipped", "give --metrics-token-file")
    assert healthcheck.lagging([Told("rollup", "rollup", error="gone")], 60.0, 1_000).state == "skipped"


def alert(name: str, severity: str, **annotations: str) -> dict[str, Any]:
    return {"labels": {"alertname": name, "severity": severity}, "annotations": annotations}


WATCHDOG = alert("Watchdog", "none")


def test_criticals_are_unhealthy_warnings_degraded_and_the_rest_is_silent() -> None:
    found = healthcheck.firing(
        [WATCHDOG, alert("ConsumerLagHigh", "warning"), alert("HealthzDown", "critical"), alert("Something", "info")]
    )
    assert [(one.subject, one.state) for one in found] == [
        ("HealthzDown", "unhealthy"),
        ("ConsumerLagHigh", "degraded"),
    ]


def test_an_alert_brings_its_summary_and_runbook_and_comes_once() -> None:
    notes = {"summary": "gateway is down", "runbook_url": "https://runbooks.example/HealthzDown"}
    (line,) = healthcheck.firing([WATCHDOG, *[alert("HealthzDown", "critical", **notes)] * 3])
    assert line.detail == "critical: gateway is down, and 2 more"
    assert line.hint == notes["runbook_url"]


def test_without_watchdog_alerting_itself_is_in_doubt() -> None:
    assert [one.state for one in healthcheck.firing([WATCHDOG])] == ["ok"]
    assert [(one.subject, one.state) for one in healthcheck.firing([])] == [("Watchdog", "degraded")]
