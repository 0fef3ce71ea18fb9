"""Writes `dashboards/*.json` from their declarations: `python -m monitoring.grafana`."""

import json
from typing import Any

from monitoring.grafana.fleet import FLEET
from monitoring.grafana.panels import Dashboard
from monitoring.grafana.queries import DASHBOARDS
from monitoring.grafana.service import SERVICE

DECLARED = {"fleet": FLEET, "service": SERVICE}
LINE = 120


def text(dashboard: Dashboard) -> str:
    """The file's content."""
    return laid_out(dashboard.json()) + "\n"


def laid_out(value: Any, indent: str = "", key: str = "") -> str:
    """JSON in which what fits into a line is one: `json.dumps` would make five thousand lines of it."""
    start = indent + key
    line = start + json.dumps(value, ensure_ascii=False)
    if len(line) < LINE or not value or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        opening, closing = "{}"
        parts = [laid_out(one, inner, f"{json.dumps(name)}: ") for name, one in value.items()]
    else:
        opening, closing = "[]"
        parts = [laid_out(one, inner) for one in value]
    return start + opening + "\n" + ",\n".join(parts) + "\n" + indent + closing


def main() -> None:
    for name, dashboard in DECLARED.items():
        (DASHBOARDS / f"{name}.json").write_text(text(dashboard))


if __name__ == "__main__":
    main()
