"""The way of an operator through the compose deployment, in this order: up, look, scale, lose Postgres, stop."""

import json
import subprocess
import sys

import pytest

from tests.compose.deployment import ROOT, Deployment
from tests.waiting import until

CHARGERS = 24
OURS = ("gateway", "rollup", "api")
ONE_SHOT = ("migrate", "topic-init", "demo-stations")
#: A Go program that handles no signal ends with 2 when it is process 1; it has nothing to flush.
ENDS_WITH = {"postgres-exporter": 2}


def health(deployment: Deployment) -> int:
    """The exit code of healthcheck.py."""
    command = [sys.executable, "healthcheck.py", "--compose", "--compose-command", deployment.command]
    patience = ["--timeout", "20", "--deadline", "60"]  # all of it and the test share a few cores
    places = ["--api", deployment.api, "--gateway", deployment.gateway, "--prometheus", deployment.prometheus]
    tokens = [
        f"--token-file={deployment.secrets}/read_token",
        f"--metrics-token-file={deployment.secrets}/metrics_token",
    ]
    done = subprocess.run(
        [*command, *patience, *places, *tokens],
        cwd=ROOT,
        env=deployment.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    print(done.stdout, done.stderr)
    return done.returncode


def test_what_runs_once_has_ended_well_and_the_rest_is_healthy(deployment: Deployment) -> None:
    for service in deployment.services():
        for container in deployment.containers(service):
            state = container["State"]
            if service in ONE_SHOT:
                assert (state["Status"], state["ExitCode"]) == ("exited", 0), service
            else:
                assert state["Status"] == "running", service
                assert state.get("Health", {"Status": "healthy"})["Status"] == "healthy", service
                assert container["RestartCount"] == 0, service


@pytest.mark.parametrize("service", OURS)
def test_ours_run_as_nobody_and_can_write_nothing(deployment: Deployment, service: str) -> None:
    host = deployment.containers(service)[0]["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    tried = "import os; print(os.getuid(), os.getgid()); open('/app/x', 'w')"
    done = deployment.run("exec", "-T", service, "python", "-c", tried)
    assert done.stdout.split() == ["10001", "10001"]
    assert "Read-only file system" in done.stderr


def test_the_image_of_the_api_has_no_part_of_ingest(deployment: Deployment) -> None:
    done = deployment.run("exec", "-T", "api", "python", "-c", "import ingest")
    assert "No module named 'ingest'" in done.stderr


def test_what_chargers_report_is_what_the_api_answers(deployment: Deployment) -> None:
    until(
        lambda: deployment.stats()["charge_points"]["connectivity"]["ONLINE"] >= CHARGERS * 0.8,
        60,
        "most simulated chargers are online",
    )
    until(lambda: deployment.stats()["connectors"]["status"]["AVAILABLE"] > 0, 60, "connectors are available")


def test_metrics_need_their_token(deployment: Deployment) -> None:
    assert deployment.get(f"{deployment.api}/metrics")[0] == 401
    assert deployment.get(f"{deployment.api}/metrics", "read_token")[0] == 401
    status, text = deployment.get(f"{deployment.api}/metrics", "metrics_token")
    assert status == 200
    assert "plugwatch_api_requests_total" in text


def test_prometheus_scrapes_every_target(deployment: Deployment) -> None:
    def down() -> list[str]:
        return [one["metric"]["instance"] for one in deployment.query("up == 0")]

    apps = {"gateway", "rollup", "api", "postgres", "redis", "redpanda", "proxy", "prometheus", "alertmanager"}
    until(lambda: {one["metric"]["app"] for one in deployment.query("up == 1")} >= apps, 60, "all apps are scraped")
    until(lambda: not down(), 60, "no target is down")
    until(lambda: len(deployment.query("probe_success == 1")) >= 3, 60, "each /healthz is probed")


def test_healthcheck_finds_it_well(deployment: Deployment) -> None:
    until(lambda: health(deployment) == 0, 60, "healthcheck.py ends with 0")


def test_a_second_of_each_shares_the_work(deployment: Deployment) -> None:
    deployment.up("--no-recreate", *(f"--scale={service}=2" for service in OURS))
    for service in OURS:
        assert len(deployment.containers(service)) == 2, service
    until(
        lambda: len({one["metric"]["instance"] for one in deployment.query("plugwatch_rollup_lag_records")}) == 2,
        90,
        "the partitions are shared by both rollups",
    )
    # Chargers that come back go to the gateway that has fewer.
    deployment.compose("restart", "simulator")
    until(
        lambda: len([one for one in deployment.query("sum by (instance) (plugwatch_gateway_connections) > 0")]) == 2,
        90,
        "chargers are at both gateways",
    )
    until(
        lambda: deployment.stats()["charge_points"]["connectivity"]["ONLINE"] >= CHARGERS * 0.8,
        90,
        "the chargers are online",
    )
    deployment.up("--no-recreate")


def test_postgres_away_is_seen_and_mends(deployment: Deployment) -> None:
    deployment.compose("stop", "postgres")
    assert health(deployment) == 2
    status, body = deployment.get(f"{deployment.api}/readyz")
    assert (status, body["dependencies"]["postgres"]) == (200, "away"), "the API goes on from Redis"
    asked = deployment.run(
        "exec", "-T", "rollup", "python", "-m", "shared.process.probe", "http://127.0.0.1:9101/readyz"
    )
    assert asked.returncode == 1
    assert json.loads(asked.stdout)["dependencies"]["postgres"] == "unavailable"

    def firing() -> bool:
        _, alerts = deployment.get(f"{deployment.alertmanager}/api/v2/alerts?active=true")
        return any(one["labels"]["alertname"] == "HealthzDown" and one["labels"]["app"] == "rollup" for one in alerts)

    until(firing, 240, "HealthzDown of the rollup is at Alertmanager")
    deployment.compose("start", "postgres")
    until(lambda: not firing(), 240, "it has resolved")
    until(lambda: health(deployment) == 0, 120, "healthcheck.py ends with 0 again")


def test_everything_stops_by_itself_within_its_grace_period(deployment: Deployment) -> None:
    running = [service for service in deployment.services() if service not in ONE_SHOT]
    order = ["simulator", "proxy", "gateway", "rollup", "api"]
    for service in [*order, *(other for other in running if other not in order)]:
        deployment.compose("stop", service)
        for container in deployment.containers(service):
            assert container["State"]["ExitCode"] == ENDS_WITH.get(service, 0), service
