"""Rows of `docker compose ps`, as a real one printed them, and what they come to."""

import json
from pathlib import Path
from typing import Any

import pytest

import healthcheck
from healthcheck import Failure, Result

RECORDED = Path(__file__).with_name("compose_ps.jsonl").read_text()
COMPOSE = "docker compose"


def judged(service: str, restarts: tuple[int, float] | None = None, **changed: Any) -> Result:
    """The line for a recorded row, or for one that differs from it."""
    row = next(row for row in healthcheck.rows(RECORDED) if row["Service"] == service)
    return healthcheck.container(row | changed, service, restarts, COMPOSE)


def test_both_shapes_of_the_output_are_the_same_rows() -> None:
    rows = healthcheck.rows(RECORDED)
    assert [row["Service"] for row in rows] == ["api", "gateway", "gateway", "migrate", "redis", "rollup", "topic-init"]
    assert healthcheck.rows(json.dumps(rows)) == rows
    assert healthcheck.rows("") == healthcheck.rows("[]") == []


def test_a_container_of_compose_run_is_none_of_the_deployment() -> None:
    row = healthcheck.rows(RECORDED)[0]
    labels = row["Labels"].replace("oneoff=False", "oneoff=True")
    assert healthcheck.rows(json.dumps(row | {"Labels": labels})) == []


def test_what_is_no_json_is_said_to_be_no_compose() -> None:
    with pytest.raises(Failure, match="Compose 2"):
        healthcheck.rows("NAME  COMMAND  STATE\n")


def test_a_running_container_is_ok_with_or_without_a_health_of_its_own() -> None:
    assert judged("api").state == "ok"
    assert judged("api", Health="healthy").state == "ok"
    assert judged("api", Health="starting").state == "degraded"


def test_a_one_shot_is_well_when_it_ended_well_and_only_then() -> None:
    assert judged("migrate").state == "ok"
    assert judged("topic-init").state == "unhealthy"
    assert "Exited (3)" in judged("topic-init").detail
    assert judged("migrate", State="running").state == "degraded"


def test_replicas_are_judged_by_readyz_so_a_sick_container_of_theirs_is_degraded() -> None:
    assert judged("gateway").state == "degraded"
    assert judged("rollup").state == "degraded"
    assert "Restarting (1)" in judged("rollup").detail


@pytest.mark.parametrize("state", ["exited", "paused", "dead", "created", "restarting", "removing"])
def test_without_postgres_broker_or_door_it_is_unhealthy_without_redis_or_watchers_degraded(state: str) -> None:
    for service in ("postgres", "redpanda", "proxy"):
        assert judged("api", Service=service, State=state).state == "unhealthy"
    for service in ("redis", "prometheus", "grafana", "blackbox"):
        assert judged("api", Service=service, State=state).state == "degraded"


def test_what_watches_must_stay_and_what_is_by_profile_may_end() -> None:
    assert judged("migrate", Service="prometheus").state == "degraded"
    assert judged("migrate", Service="simulator").state == "ok"
    assert judged("migrate", Service="simulator", ExitCode=1).state == "degraded"


def test_the_hint_is_the_command_to_type() -> None:
    assert judged("redis").hint == "docker compose unpause redis"
    assert judged("topic-init").hint.startswith("docker compose logs --tail 50 topic-init; then docker compose up")
    assert judged("api").hint == ""


def test_a_restart_counts_for_ten_minutes() -> None:
    assert judged("api", restarts=(3, 599.0)).state == "degraded"
    assert "restarted 3 times" in judged("api", restarts=(3, 599.0)).detail
    assert judged("api", restarts=(3, 601.0)).state == "ok"
    assert judged("api", restarts=(0, 5.0)).state == "ok"


def test_published_ports_lead_to_this_machine() -> None:
    rows = healthcheck.rows(RECORDED)
    assert healthcheck.published(rows, 8000, "http://{}") == "http://127.0.0.1:32768"
    assert healthcheck.published(rows, 9000, "ws://{}/ocpp") == ""
    for host, reached in (("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("", "127.0.0.1"), ("192.0.2.7", "192.0.2.7")):
        row = {"Publishers": [{"URL": host, "TargetPort": 9000, "PublishedPort": 9005}]}
        assert healthcheck.published([row], 9000, "ws://{}/ocpp") == f"ws://{reached}:9005/ocpp"
    exposed = {"Publishers": [{"URL": "", "TargetPort": 9000, "PublishedPort": 0}]}
    assert healthcheck.published([exposed], 9000, "ws://{}/ocpp") == ""
