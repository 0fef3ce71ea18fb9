"""The committed dashboards as Grafana asks them: every panel's queries, with the variables filled in for All."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DASHBOARDS = Path(__file__).with_name("dashboards")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """What one panel asks; an `instant` query wants the newest value alone."""

    dashboard: str
    panel: Json
    expr: str
    legend: str
    instant: bool

    def __str__(self) -> str:
        return f"{self.dashboard} / {self.panel['title']} / {self.legend}"

    def name_of(self, labels: Mapping[str, str]) -> str:
        """The legend of one series."""
        return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), self.legend)


def committed() -> dict[str, Json]:
    """The dashboards by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))}


def queries(name: str, dashboard: Json, rate_interval: str, time_range: str) -> Iterator[Query]:
    """Every query of every panel, as it is asked when it shows `time_range`; both are PromQL durations."""
    variables = {"__rate_interval": rate_interval, "__range": time_range}
    variables |= {one["name"]: all_of(one) for one in dashboard["templating"]["list"]}
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            expr = filled_in(target["expr"], variables)
            yield Query(name, panel, expr, target["legendFormat"], target.get("instant", False))


def all_of(variable: Json) -> str:
    """What Grafana puts in for All."""
    return str(variable.get("allValue") or "({})".format(variable["query"].replace(",", "|")))


def filled_in(expr: str, variables: Mapping[str, str]) -> str:
    """`expr` with its variables; longer names first, as one may begin another."""
    for name in sorted(variables, key=len, reverse=True):
        expr = expr.replace(f"${name}", variables[name])
    return expr
