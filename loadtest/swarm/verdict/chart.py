"""A picture of a load test, from its JSON report: `python -m loadtest.swarm.verdict.chart REPORT` draws it again."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure

LINES = (("statuses", "statuses", "#1f77b4"), ("end_to_end", "end to end", "#d62728"), ("reads", "reads", "#2ca02c"))
MEANING = {"statuses": "acknowledgement", "end_to_end": "end to end", "reads": "API read"}


def draw(report: Path) -> Path:
    """Draw it beside the report; returns the file."""
    told = json.loads(report.read_text())
    figure = Figure(figsize=(11, 9), layout="constrained")
    rates, latencies, failures = figure.subplots(3, sharex=True, height_ratios=(3, 4, 2))
    _rates(rates, told)
    _latencies(latencies, told)
    _failures(failures, told)
    for axes in (rates, latencies, failures):
        _shade_plateau(axes, told["series"])
        axes.grid(alpha=0.3)
        if told["settings"]["storm_at_s"] is not None:
            axes.axvline(told["settings"]["storm_at_s"], color="black", linestyle=":", linewidth=1)
    settings, machine = told["settings"], told["machine"]
    figure.suptitle(
        f"Load test of {told['began_at']}: {'passed' if told['passed'] else 'FAILED'}\n"
        f"{settings['chargers']} chargers, {settings['readers']} readers, {machine['cores']} cores, "
        f"{machine['generators']} generator process(es) on {machine['processor']}",
        fontsize=11,
    )
    picture = report.with_suffix(".png")
    figure.savefig(picture, dpi=110)
    return picture


def _rates(axes: Axes, told: dict[str, Any]) -> None:
    at = [sample["at_s"] for sample in told["series"]]
    for name, label, colour in (LINES[0], LINES[2]):
        axes.plot(at, [sample[name]["per_s"] for sample in told["series"]], colour, label=f"{label} a second")
    axes.axhline(told["settings"]["rate_per_s"], color="grey", linestyle=":", label="statuses asked for")
    users = axes.twinx()
    users.plot(at, [sample["users"] for sample in told["series"]], "black", alpha=0.25, label="users")
    users.set_ylabel("users")
    users.set_ylim(bottom=0)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("a second")
    axes.legend(loc="upper left", fontsize=8)


def _latencies(axes: Axes, told: dict[str, Any]) -> None:
    for name, _, colour in LINES:
        for share, style in (("p50_ms", "--"), ("p99_ms", "-")):
            points = [(s["at_s"], s[name][share]) for s in told["series"] if s[name][share] is not None]
            if points:
                label = f"{MEANING[name]} {share.removesuffix('_ms')}"
                axes.plot(*zip(*points, strict=True), color=colour, linestyle=style, linewidth=1.2, label=label)
    axes.set_yscale("log")
    axes.set_ylabel("ms")
    if axes.lines:
        axes.legend(loc="upper left", fontsize=8, ncols=3)


def _failures(axes: Axes, told: dict[str, Any]) -> None:
    axes.bar([s["at_s"] for s in told["series"]], [s["failures"] for s in told["series"]], color="#d62728")
    axes.set_ylabel("failures")
    axes.set_xlabel("seconds")
    axes.set_ylim(0, max(1, axes.get_ylim()[1]))


def _shade_plateau(axes: Axes, series: list[dict[str, Any]]) -> None:
    at = [sample["at_s"] for sample in series if sample["phase"] == "plateau"]
    if at:
        axes.axvspan(at[0], at[-1], color="grey", alpha=0.08)


if __name__ == "__main__":
    print(draw(Path(sys.argv[1])))
