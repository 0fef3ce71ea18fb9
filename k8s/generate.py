"""What kustomize cannot make of the files of monitoring/: `python -m k8s.generate` writes it, a test holds it current.

Prometheus's rules as the operator's PrometheusRule, and compose's scrape configuration with the names of kind.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
PROMETHEUS = HERE.parent / "monitoring" / "prometheus"
RULES = HERE / "components" / "monitoring" / "prometheusrule.generated.yaml"
SCRAPING = HERE / "overlays" / "kind" / "monitoring" / "prometheus.generated.yml"
LINE = 120


class _Dumper(yaml.SafeDumper):
    """Sequences indented, nothing shared by anchors: as people would write it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def generated() -> Mapping[Path, str]:
    """Every file that is made, with its content."""
    return {
        RULES: _text(prometheus_rule(), "monitoring/prometheus/rules"),
        SCRAPING: _text(scraping(), "monitoring/prometheus/prometheus.yml"),
    }


def prometheus_rule() -> dict[str, Any]:
    """All groups of all rule files in one resource."""
    groups = [group for path in sorted((PROMETHEUS / "rules").glob("*.yml")) for group in _read(path)["groups"]]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": "plugwatch",
            "namespace": "plugwatch",
            "labels": {"app.kubernetes.io/name": "plugwatch", "app.kubernetes.io/component": "monitoring"},
            "annotations": {"argocd.argoproj.io/sync-wave": "3"},
        },
        "spec": {"groups": groups},
    }


def scraping() -> dict[str, Any]:
    """Compose's configuration; there is no proxy in kind, since a Service stands in front of the gateways."""
    config: dict[str, Any] = _renamed(_read(PROMETHEUS / "prometheus.yml"))
    config["scrape_configs"] = [job for job in config["scrape_configs"] if job["job_name"] != "proxy"]
    for job in config["scrape_configs"]:
        if "dns_sd_configs" in job:
            job["dns_sd_configs"] = [found for found in job["dns_sd_configs"] if found["names"] != ["proxy"]]
    return config


def _renamed(value: Any) -> Any:
    match value:
        case dict():
            return {key: _renamed(inner) for key, inner in value.items()}
        case list():
            return [_renamed(inner) for inner in value]
        case "compose":
            return "kind"
        case _:
            return value


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def _text(content: dict[str, Any], source: str) -> str:
    header = f"# Made from {source} by `make k8s-render`: change that.\n# yamllint disable rule:line-length\n"
    return header + yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=LINE)


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
