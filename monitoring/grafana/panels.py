"""Panels and dashboards in the words that ours need, and as Grafana's classic JSON model.

Only fields that Grafana documents and has kept for years are written; whatever is left out has Grafana's default.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, ClassVar

Json = dict[str, Any]
Limits = Sequence[tuple[float, str]]  #: from which value on, which colour

COLUMNS = 24
SCHEMA_VERSION = 42
DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
RUNBOOKS = "https://github.com/plugwatch/plugwatch/blob/main/monitoring/runbooks"
GREEN, BLUE, PURPLE, ORANGE, RED, GREY = "green", "blue", "purple", "orange", "red", "#8e8e8e"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel(ABC):
    """One panel. `queries` are expressions by legend; `says` tells what a rise means and what to look at."""

    kind: ClassVar[str]

    title: str
    says: str
    queries: Mapping[str, str]
    unit: str
    limits: Limits = ()
    base: str = GREEN  #: the colour below the first limit
    runbooks: Sequence[str] = ()
    width: int = 8
    height: int = 8

    def json(self, number: int, x: int, y: int) -> Json:
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.says,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "datasource": DATASOURCE,
            "targets": [
                {"refId": letter, "datasource": DATASOURCE, "expr": expr, "legendFormat": legend, **self._target()}
                for letter, (legend, expr) in zip(ascii_uppercase, self.queries.items(), strict=False)
            ],
            "fieldConfig": {
                "defaults": {"unit": self.unit, "thresholds": self._thresholds(), **self._defaults()},
                "overrides": self._overrides(),
            },
            "options": self._options(),
            "links": [
                {"title": f"Runbook: {alert}", "url": f"{RUNBOOKS}/{alert}.md", "targetBlank": True}
                for alert in self.runbooks
            ],
        }

    def _target(self) -> Json:
        return {"range": True}

    def _thresholds(self) -> Json:
        steps = [{"color": self.base, "value": None}, *({"color": colour, "value": at} for at, colour in self.limits)]
        return {"mode": "absolute", "steps": steps}

    def _defaults(self) -> Json:
        return {}

    def _overrides(self) -> list[Json]:
        return []

    @abstractmethod
    def _options(self) -> Json: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat(Panel):
    """The newest value as a big number; with limits its background is their colour."""

    kind = "stat"
    width: int = 3
    height: int = 4

    def _defaults(self) -> Json:
        nothing = {"type": "special", "options": {"match": "null+nan", "result": {"text": "idle", "color": GREY}}}
        return {"color": {"mode": "thresholds"}, "mappings": [nothing], "noValue": "none"}

    def _options(self) -> Json:
        return {
            "reduceOptions": {"calcs": ["lastNotNull"]},
            "colorMode": "background" if self.limits else "none",
            "graphMode": "area",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines(Panel):
    """Values over time; bars are stacked, too. `colours` by legend; limits are dashed lines; `most` ends the scale."""

    kind = "timeseries"
    stacked: bool = False
    bars: bool = False
    most: float | None = None
    colours: Mapping[str, str] = field(default_factory=dict)

    def _defaults(self) -> Json:
        custom = {
            "drawStyle": "bars" if self.bars else "line",
            "fillOpacity": 60 if self.stacked or self.bars else 8,
            "showPoints": "never",
            "stacking": {"mode": "normal" if self.stacked or self.bars else "none"},
            "thresholdsStyle": {"mode": "dashed" if self.limits else "off"},
        }
        scale = {"min": 0} if self.most is None else {"min": 0, "max": self.most}
        return {**scale, "custom": custom}

    def _overrides(self) -> list[Json]:
        return [
            {
                "matcher": {"id": "byName", "options": name},
                "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
            }
            for name, colour in self.colours.items()
        ]

    def _options(self) -> Json:
        return {
            "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat(Panel):
    """The buckets of a histogram over time: how many answers took how long. The query is by `le`."""

    kind = "heatmap"

    def _target(self) -> Json:
        return {"range": True, "format": "heatmap"}

    def _options(self) -> Json:
        return {
            "calculate": False,
            "color": {"mode": "scheme", "scheme": "Oranges", "scale": "exponential", "exponent": 0.5, "steps": 64},
            "filterValues": {"le": 1e-9},
            "yAxis": {"unit": self.unit},
            "tooltip": {"mode": "single"},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals(Panel):
    """One number a series over the whole time range, as bars."""

    kind = "bargauge"

    def _target(self) -> Json:
        return {"instant": True}

    def _defaults(self) -> Json:
        return {"min": 0, "color": {"mode": "fixed", "fixedColor": BLUE}}

    def _options(self) -> Json:
        return {
            "reduceOptions": {"calcs": ["lastNotNull"]},
            "orientation": "horizontal",
            "displayMode": "basic",
            "namePlacement": "left",
        }


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a heading, from left to right and then in the next line."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    uid: str
    title: str
    says: str
    first: Sequence[Panel]  #: what answers within five seconds whether all is well
    rows: Sequence[Row]
    variables: Sequence[Json]
    beside: tuple[str, str]  #: uid and title of the other dashboard

    def json(self) -> Json:
        uid, title = self.beside
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.says,
            "tags": ["plugwatch"],
            "schemaVersion": SCHEMA_VERSION,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-1h", "to": "now"},
            "timezone": "browser",
            "links": [
                {"type": "link", "title": title, "url": f"/d/{uid}", "keepTime": True, "includeVars": True},
                {"type": "link", "title": "Runbooks", "url": RUNBOOKS, "targetBlank": True},
            ],
            "templating": {"list": list(self.variables)},
            "annotations": {"list": [_alerts_begun()]},
            "panels": list(self._panels()),
        }

    def _panels(self) -> Iterator[Json]:
        number = y = 0
        for row in (Row("", self.first), *self.rows):
            if row.title:
                number += 1
                yield {
                    "id": number,
                    "type": "row",
                    "title": row.title,
                    "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1},
                    "collapsed": False,
                    "panels": [],
                }
                y += 1
            x = tallest = 0
            for panel in row.panels:
                if x + panel.width > COLUMNS:
                    x, y, tallest = 0, y + tallest, 0
                number += 1
                yield panel.json(number, x, y)
                x, tallest = x + panel.width, max(tallest, panel.height)
            y += tallest


def asked(name: str, label: str, query: str) -> Json:
    """A variable whose values Prometheus knows; All is everything, with or without that label."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"qryType": 1, "query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "allValue": ".*",
        **_ALL,
    }


def chosen(name: str, label: str, values: Sequence[str]) -> Json:
    """A variable of these values."""
    return {"type": "custom", "name": name, "label": label, "query": ",".join(values), **_ALL}


_ALL = {"multi": True, "includeAll": True, "current": {"text": ["All"], "value": ["$__all"]}}


def _alerts_begun() -> Json:
    """Marks on every graph while an alert fires."""
    return {
        "name": "Alerts",
        "datasource": DATASOURCE,
        "enable": True,
        "iconColor": RED,
        "expr": 'ALERTS{env=~"$env", alertstate="firing", severity=~"critical|warning"}',
        "titleFormat": "{{alertname}}",
        "textFormat": "{{severity}} {{app}}",
        "step": "60s",
    }


ALERTS_FIRING = Stat(
    title="Alerts firing",
    says="Critical and warning alerts that fire now. Not 0: Alertmanager names them, and each has its runbook.",
    queries={"firing": 'count(ALERTS{env=~"$env", alertstate="firing", severity=~"critical|warning"}) or vector(0)'},
    unit="short",
    limits=[(1, RED)],
)
