"""Draws a dashboard from what Prometheus answered, in the layout of its grid: matplotlib, and nothing of Grafana.

Panels are read from the committed JSON: kind, title, unit, colours, limits. Nothing here asks anybody.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.ticker import FixedLocator, MaxNLocator

from monitoring.grafana.series import Series
from monitoring.preview.sheet import EDGE, FAINT, PANEL, TEXT, Place, Sheet, colour
from monitoring.preview.units import amount

PALETTE = ("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#3ea6a6", "#c0d8ff", "#e0b400")
HEAT = LinearSegmentedColormap.from_list("heat", [PANEL, "#7a3003", "#e6550d", "#fdd0a2"])
TICKS_S = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
CELL_W, CELL_H, MARGIN, HEAD, FOOT = 62, 30, 4, 58, 30  #: px
LEFT, RIGHT, ABOVE, BELOW = 64, 14, 34, 24  #: of a plot, in its panel (px)
LINE, LEGEND_LINES, LEGEND_COLUMN = 16, 4, 250  #: px, lines, px

Json = Mapping[str, Any]
Answers = Mapping[int, Sequence[Series]]  #: the series of each panel, by its id
Times = tuple[float, float]  #: from, to (s)


def draw_dashboard(board: Json, answers: Answers, times: Times, caption: str, file: Path) -> None:
    """Write the whole dashboard as one PNG."""
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    sheet = Sheet(24 * CELL_W + 2 * MARGIN, rows * CELL_H + HEAD + FOOT)
    sheet.text(14, 18, board["title"], size=15, weight="bold")
    sheet.text(14, 40, board["description"], size=9, color=FAINT)
    sheet.text(14, sheet.height - FOOT / 2, caption, size=9, color=FAINT, style="italic")
    for panel in board["panels"]:
        at = panel["gridPos"]
        place = (at["x"] * CELL_W + MARGIN, at["y"] * CELL_H + HEAD, at["w"] * CELL_W, at["h"] * CELL_H)
        _Panel(sheet, panel, answers.get(panel["id"], ()), times, place).draw()
    sheet.save(file)


@dataclass(frozen=True, slots=True)
class _Panel:
    """One panel on the sheet."""

    sheet: Sheet
    json: Json
    series: Sequence[Series]
    times: Times
    place: Place

    def draw(self) -> None:
        x, y, width, height = self.place
        if self.json["type"] == "row":
            self.sheet.text(x + 8, y + height / 2, f"▾  {self.json['title']}", size=11, weight="bold")
        elif self.json["type"] == "stat":
            self._stat()
        else:
            self.sheet.box(self.place, PANEL)
            self.sheet.text(x + 12, y + 16, self.json["title"], size=9.5, weight="bold")
            {"timeseries": self._lines, "heatmap": self._heat, "bargauge": self._totals}[self.json["type"]]()
            if not self.series:
                self.sheet.text(x + width / 2, y + height / 2, "no data", size=9, color=FAINT, ha="center")

    @property
    def _defaults(self) -> Json:
        defaults: Json = self.json["fieldConfig"]["defaults"]
        return defaults

    @property
    def _limits(self) -> Sequence[Json]:
        steps: Sequence[Json] = self._defaults["thresholds"]["steps"]
        return steps

    def _amount(self, value: float) -> str:
        return amount(value, self._defaults["unit"])

    def _stat(self) -> None:
        x, y, width, height = self.place
        values = [value for _, value in self.series[0].points] if self.series else []
        last = _last(self.series[0]) if self.series else math.nan
        judged = self.json["options"]["colorMode"] == "background" and math.isfinite(last)
        reached = [step["color"] for step in self._limits if step["value"] is None or last >= step["value"]]
        self.sheet.box(self.place, colour(reached[-1]) if judged else PANEL)
        ink = "white" if judged else TEXT
        finite = np.nan_to_num(values)
        if finite.any():
            axes = self.sheet.axes((x + 4, y + height * 0.62, width - 8, height * 0.38 - 4))
            axes.axis("off")
            axes.fill_between(range(len(finite)), finite, color="white", alpha=0.16, linewidth=0)
            axes.set_ylim(0, 1.05 * finite.max())
            axes.margins(x=0)
        text = self._amount(last)
        size = 21 if len(text) < 9 else 14
        self.sheet.text(x + 12, y + 17, self.json["title"], size=9.5, weight="bold", color=ink)
        self.sheet.text(x + width / 2, y + height * 0.54, text, size=size, ha="center", color=ink, weight="bold")

    def _lines(self) -> None:
        custom = self._defaults["custom"]
        bars, stacked = custom["drawStyle"] == "bars", custom["stacking"]["mode"] == "normal"
        colours = self._colours()
        axes = self._plot(self._legend(colours))
        scale = 2**20 if self._defaults["unit"] == "bytes" else 1
        axes.yaxis.set_major_formatter(lambda value, _: self._amount(value * scale))
        times, values = _table(self.series)
        values = values / scale
        if times.size and (bars or stacked):
            edge = "post" if bars else None
            axes.stackplot(times, np.nan_to_num(values), colors=colours, alpha=0.75, linewidth=0, step=edge)
        else:
            for row, ink in zip(values, colours, strict=True):
                axes.plot(times, row, color=ink, linewidth=1.3)
        axes.set_ylim(bottom=0, top=self._defaults.get("max") or (None if np.nan_to_num(values).any() else 1))
        if custom["thresholdsStyle"]["mode"] == "dashed":  # which does not widen the scale, as in Grafana
            for step in self._limits[1:]:
                axes.axhline(step["value"], color=colour(step["color"]), linestyle=(0, (5, 4)), linewidth=1)

    def _heat(self) -> None:
        series = sorted(self.series, key=lambda one: float(one.labels["le"]))
        times, values = _table(series)
        counts = np.clip(np.diff(np.nan_to_num(values), axis=0, prepend=0), 0, None)
        used = np.flatnonzero(counts.max(axis=1, initial=0) > 0.5)
        if used.size:
            axes = self._plot(legend=0)
            shown = slice(max(used[0] - 1, 0), used[-1] + 1)
            bounds = [float(one.labels["le"]) for one in series[shown]]
            norm = PowerNorm(self.json["options"]["color"]["exponent"])
            axes.pcolormesh(times, np.arange(len(bounds)), counts[shown], cmap=HEAT, norm=norm, shading="nearest")
            labels = [self._amount(bound) if math.isfinite(bound) else "more" for bound in bounds]
            axes.set_yticks(np.arange(len(bounds)) + 0.5, labels)
            axes.grid(visible=False)

    def _totals(self) -> None:
        x, y, width, height = self.place
        shown = sorted(self.series, key=_last, reverse=True)[: int((height - 44) // LINE)]
        most = max(map(_last, shown), default=1)
        for n, one in enumerate(shown):
            middle, length = y + 44 + LINE * n, width * 0.36 * _last(one) / most
            self.sheet.text(x + width * 0.52, middle, _short(one.name, 50), size=8, ha="right")
            self.sheet.box((x + width * 0.54 - 3, middle - 9, length + 7, 18), colour("blue"), edge="none")
            self.sheet.text(x + width * 0.55 + length, middle, self._amount(round(_last(one))), size=8)

    def _plot(self, legend: float) -> Axes:
        """Axes above a legend of this height."""
        x, y, width, height = self.place
        axes = self.sheet.axes((x + LEFT, y + ABOVE, width - LEFT - RIGHT, height - ABOVE - BELOW - legend))
        axes.tick_params(colors=FAINT, labelsize=8, length=0)
        axes.grid(color=EDGE, linewidth=0.6)
        axes.set_axisbelow(True)
        for spine in axes.spines.values():
            spine.set_visible(False)
        begin, end = self.times
        every_s = next((s for s in TICKS_S if (end - begin) / s <= (width - LEFT) / 80), TICKS_S[-1])
        axes.set_xlim(begin, end)
        first = math.ceil(begin / every_s + 0.25) * every_s  # not on the panel's edge, nor the last
        ticks = range(first, math.ceil(end - every_s / 4), every_s)
        axes.xaxis.set_major_locator(FixedLocator(list(ticks)))
        axes.xaxis.set_major_formatter(lambda at, _: datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S"))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        return axes

    def _legend(self, colours: Sequence[str]) -> float:
        """Names and newest values below the plot; returns their height (px)."""
        x, y, width, height = self.place
        columns = max(1, int(width // LEGEND_COLUMN))
        room = columns * LEGEND_LINES
        lines = math.ceil(min(len(self.series), room) / columns)
        column = (width - 20) / columns
        shown = self.series if len(self.series) <= room else self.series[: room - 1]
        spots = [(x + 14 + (n % columns) * column, y + height - LINE * (lines - n // columns) + 2) for n in range(room)]
        for one, ink, (left, middle) in zip(shown, colours, spots, strict=False):
            value = self._amount(_last(one))
            self.sheet.text(left, middle, "━", size=9, color=ink)
            name = _short(one.name, int(column / 6) - len(value) - 4)
            self.sheet.text(left + 16, middle, f"{name}  {value}", size=8)
        if len(shown) < len(self.series):
            left, middle = spots[room - 1]
            self.sheet.text(left, middle, f"… and {len(self.series) - len(shown)} more", size=8, color=FAINT)
        return float(LINE * lines)

    def _colours(self) -> list[str]:
        overrides = self.json["fieldConfig"]["overrides"]
        fixed = {one["matcher"]["options"]: one["properties"][0]["value"]["fixedColor"] for one in overrides}
        return [colour(fixed.get(one.name, PALETTE[n % len(PALETTE)])) for n, one in enumerate(self.series)]


def _last(series: Series) -> float:
    """The newest value that is a number."""
    return next((value for _, value in reversed(series.points) if math.isfinite(value)), math.nan)


def _table(series: Sequence[Series]) -> tuple[Any, Any]:
    """Times, and the values of each series at them: NaN where it has none."""
    times = sorted({at for one in series for at, _ in one.points})
    rows = [dict(one.points) for one in series]
    values = np.array([[row.get(at, math.nan) for at in times] for row in rows])
    return np.array(times), values.reshape(len(rows), len(times))


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
