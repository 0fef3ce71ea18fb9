"""Who is told of what: routes, receivers, inhibition, and that no secret stands in the file."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from monitoring import observed
from tests.infra.monitoring.rules import ALERTS, MONITORING, Rule
from tests.infra.tools import ROOT, output

FILE = MONITORING / "alertmanager/alertmanager.yml"
CONFIG: dict[str, Any] = yaml.safe_load(FILE.read_text())
RECEIVERS = {"critical": "webhook-and-mail", "warning": "webhook", "info": "nobody", "none": "heartbeat"}
DOWN = {"alertname": "HealthzDown", "severity": "critical"}


def test_amtool_finds_no_fault() -> None:
    assert "SUCCESS" in output("amtool", "check-config", FILE)


@pytest.mark.parametrize("rule", ALERTS, ids=str)
def test_an_alert_goes_where_its_severity_says(rule: Rule) -> None:
    labels = [f"{name}={value}" for name, value in {"alertname": rule.name, "app": "api", **rule.labels}.items()]
    told = output("amtool", "config", "routes", "test", f"--config.file={FILE}", *labels)
    assert told.split() == [RECEIVERS[rule.labels["severity"]]]


def test_an_alert_of_unknown_severity_is_told_all_the_same() -> None:
    told = output("amtool", "config", "routes", "test", f"--config.file={FILE}", "alertname=Another", "severity=page")
    assert told.split() == ["webhook"]


def test_what_is_worse_is_said_sooner_and_more_often() -> None:
    root, critical = CONFIG["route"], CONFIG["route"]["routes"][-1]
    assert critical["matchers"] == ["severity = critical"]
    assert (root["group_wait"], critical["group_wait"]) == ("30s", "10s")
    assert (root["repeat_interval"], critical["repeat_interval"]) == ("12h", "1h")
    assert {"app", "alertname"} <= set(root["group_by"])


def test_secrets_are_files_that_compose_mounts() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    mounted = {f"/run/secrets/{name}" for name in compose["services"]["alertmanager"]["secrets"]}
    webhooks = [one for receiver in CONFIG["receivers"] for one in receiver.get("webhook_configs", ())]
    assert all(one.keys() == {"url_file", "send_resolved"} for one in webhooks)
    assert {one["url_file"] for one in webhooks} | {CONFIG["global"]["smtp_auth_password_file"]} == mounted
    assert "smtp_auth_password" not in CONFIG["global"]


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("alertmanager")
    with observed.alertmanager(directory=directory, webhook_url="http://127.0.0.1:9/", hasten=30) as url:
        yield url


@pytest.mark.parametrize(
    ("source", "target", "silenced"),
    [
        (DOWN, {"alertname": "HighLatencyP90", "severity": "warning"}, True),
        (DOWN, {"alertname": "HealthzDown", "severity": "warning", "instance": "g1"}, True),
        (DOWN, {"alertname": "ErrorBudgetBurn", "severity": "critical"}, False),
        (DOWN, {"alertname": "HighLatencyP90", "severity": "warning", "app": "api"}, False),
        (DOWN, {"alertname": "HighLatencyP90", "severity": "warning", "env": "elsewhere"}, False),
        (DOWN | {"severity": "warning"}, {"alertname": "HighLatencyP90", "severity": "warning"}, False),
        (DOWN | {"alertname": "RollupStalled"}, {"alertname": "ConsumerLagHigh", "severity": "critical"}, True),
        (DOWN | {"alertname": "LostRecords"}, {"alertname": "LostRecords", "severity": "warning"}, True),
    ],
)
def test_what_explains_another_silences_it(
    alertmanager: str, source: dict[str, str], target: dict[str, str], silenced: bool, request: pytest.FixtureRequest
) -> None:
    place = {"app": "gateway", "env": request.node.name}  # an environment of its own for each case
    source, target = place | source, place | target
    told = json.dumps([{"labels": source}, {"labels": target}]).encode()
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{alertmanager}/api/v2/alerts", told, headers), timeout=5).close()
    with urllib.request.urlopen(f"{alertmanager}/api/v2/alerts", timeout=5) as answer:
        (status,) = (alert["status"] for alert in json.load(answer) if alert["labels"] == target)
    assert bool(status["inhibitedBy"]) is silenced
