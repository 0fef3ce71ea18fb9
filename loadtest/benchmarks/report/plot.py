"""All goals in one picture: how far what was measured is from each, on a logarithmic axis. SVG by hand. Pure."""

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from loadtest.benchmarks.report.table import number

WIDTH, LEFT, RIGHT, LINE, TOP = 1200, 540, 190, 24, 50
NEAREST, FARTHEST = 0.1, 10.0  #: of the axis, as multiples of the goal
_HEAD = "measured, beside its goal (left of the line: reached; grey: measured in small only)"
_STYLE = "font-family='sans-serif' font-size='12'"


def plot(rows: Mapping[str, Any]) -> str:
    """The picture; left of the line a goal is reached."""
    found = [(name, goal, row["quick"]) for name, row in rows.items() for goal in row["goals"]]
    height = TOP + LINE * len(found) + 20
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' {_STYLE}>",
        f"<rect width='{WIDTH}' height='{height}' fill='white'/>",
        f"<text x='{LEFT}' y='18' font-weight='bold'>{_HEAD}</text>",
    ]
    for times in (0.1, 0.2, 0.5, 1, 2, 5, 10):
        x, colour = _x(times), "black" if times == 1 else "#ddd"
        parts.append(f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{TOP - 8}' y2='{height - 16}' stroke='{colour}'/>")
        parts.append(f"<text x='{x:.1f}' y='{TOP - 14}' text-anchor='middle' fill='#666'>{times:g} ×</text>")
    for line, (name, goal, is_small) in enumerate(found):
        colour = "#999" if is_small else "#2ca02c" if goal["reached"] else "#d62728"
        parts += _bar(TOP + LINE * line, name, goal, colour)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(y: int, name: str, goal: Mapping[str, Any], colour: str) -> Sequence[str]:
    low, middle, high = (_times(goal, value) for value in goal["measured"])
    left, right = sorted((_x(low), _x(high)))
    centre, text = y + LINE / 2, html.escape(_short(f"{name}: {goal['what']}"))
    told = html.escape(f"{number(goal['measured'][1])} {goal['unit']} ({goal['goal']})")
    return (
        f"<text x='{LEFT - 12}' y='{centre + 4}' text-anchor='end'>{text}</text>",
        f"<line x1='{left:.1f}' x2='{right:.1f}' y1='{centre}' y2='{centre}' stroke='{colour}' stroke-width='3'/>",
        f"<circle cx='{_x(middle):.1f}' cy='{centre}' r='5' fill='{colour}'/>",
        f"<text x='{WIDTH - RIGHT + 8}' y='{centre + 4}' font-size='10'>{told}</text>",
    )


def _times(goal: Mapping[str, Any], value: float) -> float:
    """How many times the goal; below 1 is better, whichever way the goal goes."""
    bound = float(goal["goal"].split()[1])
    if bound == 0:
        return NEAREST if value == 0 else FARTHEST
    is_most = goal["goal"].startswith("≤")
    return value / bound if is_most else bound / max(value, bound / FARTHEST)


def _x(times: float) -> float:
    span = math.log(FARTHEST / NEAREST)
    share = math.log(min(max(times, NEAREST), FARTHEST) / NEAREST) / span
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _short(text: str) -> str:
    return text if len(text) <= 84 else text[:83] + "…"
