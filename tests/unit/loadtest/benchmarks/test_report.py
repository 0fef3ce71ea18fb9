"""What is made of the figures, and that what stands in docs/ is made of them."""

import json
import math
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from loadtest.benchmarks.report.__main__ import DOCS, pages
from loadtest.benchmarks.report.capacity import FLEETS, NEEDED, RATES, Measured, capacity
from loadtest.benchmarks.report.page import page
from loadtest.benchmarks.report.plot import LEFT, RIGHT, WIDTH, plot
from loadtest.benchmarks.report.table import goals, number
from loadtest.benchmarks.rows import ROWS

ASSUMED = json.loads((DOCS / "performance" / "assumptions.json").read_text())
PARTS = ("gateway", "rollup", "api", "postgres", "redis", "broker")
COST_US = dict(zip(RATES, (400, 200, 100), strict=True))
FIGURES: dict[str, dict[str, Any]] = {
    "steady": {f"{rate}/s.ours.{part}_us": [1, COST_US[rate], 999] for rate in RATES for part in PARTS},
    "saturation": {"1000.ours.gateway_us": [40, 50, 60]},
    "catch-up": {"ours.per_s": [1, 20_000, 3], "ours.postgres_us": [1, 20, 3], "history_bytes_each": [500] * 3},
    "read": {"ours.per_s": [1, 2_000, 3], "ours.api_us": [1, 300, 3], "ours.read_us": [1, 310, 3]},
    "idle": {"kb_each": [8, 8.4, 9], "gateway_percent": [1, 1, 1]},
    "storm": {"gateway_ms_each": [1, 1, 1]},
}
SETTINGS = {
    "connections": 16_000,
    "beats_per_s": 250,
    "inventory": 100_000,
    "resting": 1_000,
    "chargers": 10_000,
    "document_bytes": 2_000,
}


def _told(**changed: Any) -> dict[str, Any]:
    row = {
        "began_at": "2026-03-01T00:00:00+00:00", "command": "python -m loadtest.benchmarks", "commit": "abc1234",
        "machine": {"processor": "CPU", "cores": 2, "memory_gb": 8, "system": "Linux", "load_before": 0.1},
        "versions": {"python": "3.11"}, "quick": False, "settings": SETTINGS, "short": [], "goals": [],
    }  # fmt: skip
    return {"rows": {name: {**row, "figures": figures, **changed} for name, figures in FIGURES.items()}}


def _goal(measured: list[float], bound: str = "≤ 0.7 ×", *, reached: bool = False) -> dict[str, Any]:
    return {"what": "CPU <a>", "figure": "ratio", "goal": bound, "unit": "×", "measured": measured, "reached": reached}


def test_what_stands_in_docs_is_made_of_its_figures() -> None:
    stale = [file.name for file, text in pages(DOCS).items() if file.read_text() != text]
    assert not stale, "make bench-pages"


def test_a_goal_that_is_not_reached_has_its_reason() -> None:
    rows = {"steady": {"goals": [_goal([0.8, 0.9, 1.0])], "quick": False}}
    assert "**not reached**" in goals(rows)
    reached = [_goal([0.5] * 3, reached=True)]
    assert "| reached |" in goals({"steady": {"goals": reached, "quick": False}})
    assert "in small only" in goals({"steady": {"goals": reached, "quick": True}})
    assert "| **0.9** × | 0.8 – 1 | the fold | `steady` |" in goals(rows, {"steady/ratio": "the fold"})


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0"), (0.12345, "0.123"), (12.34, "12.3"), (1234.4, "1,234")])
def test_a_number_has_three_digits(value: float, shown: str) -> None:
    assert number(value) == shown


def test_the_plot_is_a_picture_whatever_the_figures() -> None:
    measured = ([0.1, 0.5, 90.0], [0.0, 0.0, 0.0])
    kinds = ("≤ 0.7 ×", "≥ 1 ×", "≤ 0 sockets")
    rows = {"steady": {"quick": False, "goals": [_goal(one, kind) for one in measured for kind in kinds]}}
    picture = ElementTree.fromstring(plot(rows))
    circles = picture.findall("{http://www.w3.org/2000/svg}circle")
    assert [_side(one) for one in circles] == [-1, 1, 1, -1, 1, -1]


def _side(circle: ElementTree.Element) -> int:
    """Left (-1) or right of the line that stands for the goal, and on the picture."""
    x = float(circle.attrib["cx"])
    assert LEFT <= x <= WIDTH - RIGHT
    return -1 if x < (LEFT + WIDTH - RIGHT) / 2 else 1


@pytest.mark.parametrize(
    ("reached", "quick", "colour"), [(True, False, "#2ca02c"), (False, False, "#d62728"), (True, True, "#999")]
)
def test_the_plot_tells_reached_from_missed_and_from_small(reached: bool, quick: bool, colour: str) -> None:
    drawn = plot({"steady": {"quick": quick, "goals": [_goal([0.1, 0.2, 0.3], reached=reached)]}})
    assert re.findall(r"<circle.*fill='(.*?)'", drawn) == [colour]


def test_the_page_begins_with_how_many_goals_are_reached_and_what_a_status_costs() -> None:
    told = _told(goals=[_goal([0.5] * 3, reached=True), _goal([0.9] * 3)])
    told["rows"]["steady"]["figures"] |= {f"{rate}/s.ours.all_us": [1, 3 * COST_US[rate], 9_999] for rate in RATES}
    first, _, _ = page(told, ROWS, {}).partition("\n")
    assert first.startswith(f"**{len(FIGURES)} of {2 * len(FIGURES)} goals are reached.**")
    assert "1.2 ms at 50/s, 0.6 ms at 500/s, 0.3 ms at 2,000/s:" in first
    told["rows"]["steady"]["quick"] = True
    assert page(told, ROWS, {}).startswith(f"**{len(FIGURES) - 1} of")  # what was measured in small reaches nothing


def test_the_page_says_which_rows_are_small_and_which_are_missing() -> None:
    text = page(_told(quick=True), ROWS, {})
    assert "Not measured yet: `answered`, `stats`." in text
    assert "worth little: `steady`" in text


def test_the_page_has_every_figure_of_every_row_and_what_it_is_held_against() -> None:
    text = page(_told(short=["in short"]), ROWS, {})
    assert "worth little" not in text
    assert "| `ours.per_s` | 20,000 | 1 – 3 |" in text
    assert text.count("- in short\n") == len(FIGURES)
    measured = [name for name in ROWS if name in FIGURES]
    for name in measured:
        assert f"Baseline: {ROWS[name].BASELINE}\n" in text
    titles = [f"## {ROWS[name].TITLE}\n" for name in measured]
    assert sorted(titles, key=text.index) == titles


def test_a_fleet_costs_what_the_measured_rates_around_its_peak_cost() -> None:
    (line,) = (line for line in capacity(_told(), ASSUMED).splitlines() if line.startswith("| rollup cores |"))
    cores = dict(zip(FLEETS, (float(cell.replace(",", "")) for cell in line.split("|")[2:-1]), strict=True))
    busy = ASSUMED["cores are planned to be busy (%)"] / 100
    peak = ASSUMED["peak, as a multiple of the mean"] * ASSUMED["a charger"]["statuses a day"] / 86_400
    for fleet, low, high in ((1_000, 400, 400), (100_000, 200, 399), (1_000_000, 100, 100)):
        a_core_busy = fleet * peak / 1e6 / busy
        assert a_core_busy * low * 0.99 <= cores[fleet] <= a_core_busy * high * 1.01


def test_a_cost_between_two_rates_is_theirs_by_the_logarithm() -> None:
    measured = Measured(_told()["rows"])
    assert measured.us("rollup", math.sqrt(50 * 500)) == pytest.approx((400 + 200) / 2)


def test_what_is_rented_at_least_is_said_of_the_smallest_fleet() -> None:
    text = capacity(_told(), ASSUMED)
    (line,) = (line for line in text.splitlines() if line.startswith("| rented: vCPUs |"))
    assert f": at least {line.split('|')[2].strip()} vCPUs, however small the fleet." in text


def test_what_is_rented_is_said_of_each_process_and_is_the_sum_of_them() -> None:
    lines = {
        line.split("|")[1].strip(): line.split("|")[2:-1]
        for line in capacity(_told(), ASSUMED).splitlines()
        if "|" in line
    }
    each = lines["rented: vCPUs of gateway + rollup + API + Postgres + Redis + broker"]
    for parts, total in zip(each, lines["rented: vCPUs"], strict=True):
        assert sum(int(part.replace(",", "")) for part in parts.split("+")) == int(total.replace(",", ""))


def test_capacity_is_not_made_up() -> None:
    told = _told()
    del told["rows"]["storm"]
    assert set(NEEDED) == set(FIGURES)
    assert capacity(told, ASSUMED) == "Not measured yet: storm of `make bench`.\n"
