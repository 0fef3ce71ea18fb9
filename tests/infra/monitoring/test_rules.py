"""What Prometheus and the blackbox exporter are given: whole, known to its own tools, and free of places."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.monitoring import promql
from tests.infra.monitoring.rules import FILES, MONITORING, RULES, Rule
from tests.infra.tools import ROOT, output

CONFIG: dict[str, Any] = yaml.safe_load((MONITORING / "prometheus/prometheus.yml").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
JOBS = {job["job_name"]: job for job in CONFIG["scrape_configs"]}
APPS = {"gateway", "rollup", "api", "redpanda", "postgres", "redis", "proxy", "prometheus", "alertmanager"}
OURS = {"gateway", "rollup", "api"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_promtool_finds_no_fault_in_the_rules(file: Path) -> None:
    output("promtool", "check", "rules", file)


def test_promtool_finds_no_fault_in_the_configuration(tmp_path: Path) -> None:
    token = tmp_path / "metrics_token"
    token.write_text("secret")
    (tmp_path / "rules").symlink_to(MONITORING / "prometheus/rules")
    text = (MONITORING / "prometheus/prometheus.yml").read_text()
    (tmp_path / "prometheus.yml").write_text(text.replace("/run/secrets/metrics_token", str(token)))
    assert f"{len(FILES)} rule files found" in output("promtool", "check", "config", tmp_path / "prometheus.yml")


def test_every_app_is_scraped_under_its_own_name() -> None:
    assert JOBS.keys() == APPS | {"healthz"}
    for name, job in JOBS.items():
        labels = {step["target_label"]: step for step in job["relabel_configs"]}
        assert labels["env"]["replacement"] == CONFIG["global"]["external_labels"]["env"], name
        assert labels["app"]["source_labels"] == ["__meta_dns_name" if name == "healthz" else "job"]


def test_only_ours_are_shown_the_metrics_token() -> None:
    assert {name for name, job in JOBS.items() if "authorization" in job} == OURS
    mounted = f"/run/secrets/{COMPOSE['services']['prometheus']['secrets'][0]}"
    assert {JOBS[name]["authorization"]["credentials_file"] for name in OURS} == {mounted}


def test_every_replica_of_ours_is_scraped_and_probed() -> None:
    scraped = {name: JOBS[name]["dns_sd_configs"][0] for name in OURS}
    probed = {one["names"][0]: one for one in JOBS["healthz"]["dns_sd_configs"]}
    assert all(one["type"] == "A" and one["names"] == [name] for name, one in scraped.items())
    assert probed.keys() > OURS
    assert all(probed[name] == scraped[name] for name in OURS)


def test_every_host_is_a_service_of_compose() -> None:
    hosts = set()
    for job in (*JOBS.values(), *CONFIG["alerting"]["alertmanagers"]):
        hosts |= {name for one in job.get("dns_sd_configs", ()) for name in one["names"]}
        hosts |= {target.split(":")[0] for one in job.get("static_configs", ()) for target in one["targets"]}
        hosts |= {
            step["replacement"].split(":")[0]
            for step in job.get("relabel_configs", ())
            if step["target_label"] == "__address__"
        }
    assert hosts - {"localhost"} <= COMPOSE["services"].keys()


def test_the_module_that_probes_exists() -> None:
    modules = yaml.safe_load((MONITORING / "blackbox/blackbox.yml").read_text())["modules"]
    assert set(JOBS["healthz"]["params"]["module"]) <= modules.keys()
    assert int(modules["healthz"]["timeout"].rstrip("s")) < int(CONFIG["global"]["scrape_timeout"].rstrip("s"))


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_keeps_app_and_env(rule: Rule) -> None:
    for operator, kept in promql.aggregations(rule.expr):
        assert {"app", "env"} <= kept, f"{operator} by {sorted(kept)} mixes apps or environments"


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_knows_no_place(rule: Rule) -> None:
    asked = {label for one in promql.selectors(rule.expr) for label in one.labels}
    assert not asked & {"env", "instance"}
    assert not re.search(r":\d{4}\b", rule.expr), "a port"


def test_names_of_recorded_series_say_what_they_keep() -> None:
    for rule in (rule for rule in RULES if not rule.is_alert):
        level, metric, operation = rule.name.split(":")
        assert level.split("_")[0] == "app", rule.name
        assert metric.startswith("plugwatch_"), rule.name
        assert operation, rule.name


def test_kubernetes_is_given_every_file() -> None:
    kustomization = yaml.safe_load((MONITORING / "kustomization.yaml").read_text())
    given = {file for made in kustomization["configMapGenerator"] for file in made["files"]}
    shipped = [
        *(MONITORING / "prometheus/rules").iterdir(),
        *(MONITORING / "alertmanager").iterdir(),
        *(MONITORING / "blackbox").iterdir(),
        *(MONITORING / "grafana/dashboards").iterdir(),
        *(MONITORING / "grafana/provisioning").glob("*/*"),
    ]
    assert given == {str(file.relative_to(MONITORING)) for file in shipped}
    built = list(yaml.safe_load_all(output("kustomize", "build", MONITORING)))
    assert {one["metadata"]["name"] for one in built} == {one["name"] for one in kustomization["configMapGenerator"]}
