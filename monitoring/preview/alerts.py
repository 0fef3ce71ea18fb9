"""Draws alerts as Alertmanager's `/api/v2/alerts` reports them: everything on a card is in that JSON."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monitoring.preview.sheet import FAINT, PANEL, Place, Sheet, colour

WIDTH, HEAD, CARD, LINE, FOOT = 1100, 64, 110, 16, 34  #: px; a card has lines of description besides
SEVERITIES = {"critical": "red", "warning": "orange", "info": "blue", "none": FAINT}
COLUMNS = 150  #: characters of a line

Alert = Mapping[str, Any]


def draw_alerts(alerts: Sequence[Alert], caption: str, file: Path) -> None:
    """Write them as one PNG, the most severe on top."""
    severities = list(SEVERITIES)
    cards = [
        (alert, textwrap.wrap(alert["annotations"]["description"], COLUMNS))
        for alert in sorted(alerts, key=lambda one: severities.index(one["labels"]["severity"]))
    ]
    sheet = Sheet(WIDTH, HEAD + sum(CARD + LINE * len(says) for _, says in cards) + FOOT)
    sheet.text(14, 20, "Alerts", size=15, weight="bold")
    sheet.text(14, 44, "GET /api/v2/alerts of Alertmanager", size=9, color=FAINT)
    y = HEAD
    for alert, says in cards:
        _card(sheet, alert, says, (6, y, WIDTH - 12, CARD + LINE * len(says)))
        y += CARD + LINE * len(says)
    sheet.text(14, sheet.height - FOOT / 2, caption, size=9, color=FAINT, style="italic")
    sheet.save(file)


def _card(sheet: Sheet, alert: Alert, says: Sequence[str], place: Place) -> None:
    labels, annotations = alert["labels"], alert["annotations"]
    _, y, _, height = place
    ink = colour(SEVERITIES[labels["severity"]])
    sheet.box(place, PANEL)
    sheet.box((6, y, 13, height), ink, edge="none")
    sheet.text(30, y + 22, labels["alertname"], size=12.5, weight="bold")
    state = f"{labels['severity']} · {alert['status']['state']} · since {alert['startsAt'][:19].replace('T', ' ')} UTC"
    sheet.text(WIDTH - 26, y + 22, state, size=9.5, color=ink, weight="bold", ha="right")
    sheet.text(30, y + 46, annotations["summary"], size=10.5)
    for n, line in enumerate(says):
        sheet.text(30, y + 68 + LINE * n, line, size=8.5)
    known = " ".join(f"{name}={value}" for name, value in sorted(labels.items()) if name != "alertname")
    told = ", ".join(receiver["name"] for receiver in alert["receivers"])
    sheet.text(30, y + height - 34, f"{known}   →   {told}", size=8.5, color=FAINT)
    sheet.text(30, y + height - 17, annotations["runbook_url"], size=8.5, color=colour("blue"))
