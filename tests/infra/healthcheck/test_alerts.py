"""What fires, as a real Prometheus and a real Alertmanager tell it."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import healthcheck
from healthcheck import Clock, Place, Result
from local.ports import free_port, listens
from local.process import Process
from tests.infra.tools import tool

WITHIN_S = 30
RULES = """
groups:
  - name: test
    rules:
      - {alert: Watchdog, expr: vector(1), labels: {severity: none}}
      - alert: HealthzDown
        expr: label_replace(vector(1), "instance", "a", "", "") or label_replace(vector(1), "instance", "b", "", "")
        labels: {severity: critical}
        annotations: {summary: "gateway is down", runbook_url: "https://runbooks.example/HealthzDown"}
      - {alert: ConsumerLagHigh, expr: vector(1), labels: {severity: warning}, annotations: {summary: "behind"}}
      - {alert: NotYet, expr: vector(1), for: 1h, labels: {severity: critical}}
"""


class Server(Process):
    def __init__(self, name: str, directory: Path, *arguments: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        where = (f"--web.listen-address=127.0.0.1:{self.port}", f"--config.file={name}.yml")
        command = [tool(name), *where, *arguments]
        super().__init__(name, command, directory / f"{name}.log", directory=directory)

    def answers(self) -> bool:
        return listens(self.port)


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("alertmanager")
    (directory / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    with Server("alertmanager", directory, "--storage.path=data", "--cluster.listen-address=") as server:
        yield server


@pytest.fixture(scope="module")
def prometheus(alertmanager: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("prometheus")
    (directory / "rules.yml").write_text(RULES)
    to = f"{{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager.port}']}}]}}]}}"
    config = f"global: {{evaluation_interval: 1s}}\nrule_files: [rules.yml]\nalerting: {to}\n"
    (directory / "prometheus.yml").write_text(config)
    with Server("prometheus", directory, "--storage.tsdb.path=data", "--rules.alert.resend-delay=1s") as server:
        yield server


def found(*arguments: str, **urls: str) -> dict[str, Result]:
    place = Place("a test", lambda name: f"logs of {name}", (), (), urls)
    results = healthcheck.alerting(place, healthcheck.arguments(arguments), Clock(5))
    return {one.subject: one for one in results if isinstance(one, Result)}


def eventually(asked: Callable[[], dict[str, Result]], wanted: set[str]) -> dict[str, Result]:
    deadline = time.monotonic() + WITHIN_S
    while set(results := asked()) != wanted:
        assert time.monotonic() < deadline, results
        time.sleep(0.1)
    return results


FIRING = {"HealthzDown", "ConsumerLagHigh"}


def test_prometheus_tells_what_fires_and_not_what_is_pending(prometheus: Server) -> None:
    results = eventually(lambda: found(prometheus=prometheus.url), FIRING)
    critical, warning = results["HealthzDown"], results["ConsumerLagHigh"]
    assert (critical.state, critical.detail) == ("unhealthy", "critical: gateway is down, and 1 more")
    assert critical.hint == "https://runbooks.example/HealthzDown"
    assert (warning.state, warning.hint) == ("degraded", "monitoring/runbooks/ConsumerLagHigh.md")


def test_alertmanager_tells_the_same_without_what_is_silenced(prometheus: Server, alertmanager: Server) -> None:
    def asked() -> dict[str, Result]:
        return found("--alertmanager", alertmanager.url, prometheus="http://127.0.0.1:9")

    eventually(asked, FIRING)
    silence = {
        "matchers": [{"name": "severity", "value": "critical", "isRegex": False}],
        "startsAt": "2000-01-01T00:00:00Z",
        "endsAt": "2100-01-01T00:00:00Z",
        "createdBy": "test",
        "comment": "known",
    }
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{alertmanager.url}/api/v2/silences", json.dumps(silence).encode(), headers)
    urllib.request.urlopen(request, timeout=5).close()
    assert eventually(asked, {"ConsumerLagHigh"})["ConsumerLagHigh"].state == "degraded"


def test_nobody_there_is_degraded() -> None:
    (result,) = found(prometheus="http://127.0.0.1:9").values()
    assert (result.subject, result.state) == ("Prometheus", "degraded")
    assert result.detail == "does not answer: nobody listens there"
    (result,) = found("--alertmanager", "http://127.0.0.1:9").values()
    assert result.subject == "Alertmanager"


def test_who_answers_anything_else_is_no_prometheus(alertmanager: Server) -> None:
    (result,) = found(prometheus=alertmanager.url).values()
    assert (result.subject, result.state) == ("Prometheus", "degraded")
