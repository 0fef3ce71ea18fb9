"""The pictures of dashboards and alerts: values as people read them, and nothing that cannot be drawn."""

import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from monitoring.grafana.queries import committed
from monitoring.preview.alerts import draw_alerts
from monitoring.preview.dashboard import draw_dashboard
from monitoring.preview.units import amount


@pytest.mark.parametrize(
    ("value", "unit", "read"),
    [
        (0.0, "s", "0 s"),
        (0.00025, "s", "250 µs"),
        (0.0354, "s", "35.4 ms"),
        (12.0, "s", "12 s"),
        (1800.0, "s", "30 min"),
        (0.9713, "percentunit", "97.1 %"),
        (0.000_000_2, "percentunit", "~0 %"),
        (64.5 * 2**20, "bytes", "64.5 MiB"),
        (17.25, "reqps", "17.2 req/s"),
        (123_456.0, "short", "123 k"),
        (math.nan, "s", "idle"),
    ],
)
def test_values_are_written_as_people_read_them(value: float, unit: str, read: str) -> None:
    assert amount(value, unit) == read


@pytest.mark.parametrize("name", committed())
def test_a_dashboard_without_any_data_is_drawn(name: str, tmp_path: Path) -> None:
    picture = tmp_path / "new" / f"{name}.png"
    draw_dashboard(committed()[name], {}, (0.0, 180.0), "nothing happened", picture)
    with Image.open(picture) as drawn:
        assert drawn.format == "PNG"


def test_the_more_alerts_the_longer_the_picture(tmp_path: Path) -> None:
    def alert(name: str, severity: str) -> dict[str, Any]:
        return {
            "labels": {"alertname": name, "severity": severity, "app": "api"},
            "annotations": {"summary": "It is down", "description": "Look at it. " * 30, "runbook_url": "https://…"},
            "startsAt": "2026-01-02T03:04:05.678Z",
            "status": {"state": "active"},
            "receivers": [{"name": "webhook"}],
        }

    heights = []
    for alerts in ([], [alert("Watchdog", "none")], [alert("Watchdog", "none"), alert("HealthzDown", "critical")]):
        draw_alerts(alerts, "as reported", tmp_path / "alert.png")
        with Image.open(tmp_path / "alert.png") as drawn:
            heights.append(drawn.height)
    assert heights[0] < heights[1] < heights[2]
