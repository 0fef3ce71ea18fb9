"""The shipped rules, as tests want them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.infra.tools import ROOT

MONITORING = ROOT / "monitoring"
FILES = sorted((MONITORING / "prometheus/rules").glob("*.yml"))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `name` is the alert's, or that of the series it records."""

    name: str
    is_alert: bool
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """As it is called among the parameters of a test."""
        return "-".join([self.name, *self.labels.values()])


def _rule(told: Mapping[str, Any]) -> Rule:
    name = told.get("alert") or told["record"]
    labels = {label: str(value) for label, value in told.get("labels", {}).items()}
    return Rule(name, "alert" in told, told["expr"], labels, told.get("annotations", {}))


RULES = [
    _rule(told) for file in FILES for group in yaml.safe_load(file.read_text())["groups"] for told in group["rules"]
]
ALERTS = [rule for rule in RULES if rule.is_alert]
