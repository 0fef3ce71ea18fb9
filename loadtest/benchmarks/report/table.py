"""Figures as Markdown: goals with what was measured, and every figure of a row. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def goals(rows: Mapping[str, Any], reasons: Mapping[str, str] | None = None) -> str:
    """A line a goal: median, and the lowest and highest of the rounds. ``reasons`` say why one is not reached."""
    lines = ["| what | goal | measured | lowest – highest | | row |", "|---|---|---|---|---|---|"]
    for name, row in rows.items():
        for goal in row["goals"]:
            low, middle, high = goal["measured"]
            verdict = "reached"
            if row["quick"]:
                verdict = "in small only"
            elif not goal["reached"]:
                verdict = (reasons or {}).get(f"{name}/{goal['figure']}", "**not reached**")
            lines.append(
                f"| {goal['what']} | {goal['goal']} | **{number(middle)}** {goal['unit']} "
                f"| {number(low)} – {number(high)} | {verdict} | `{name}` |"
            )
    return "\n".join(lines) + "\n"


def figures(row: Mapping[str, Any]) -> str:
    """Every figure of a row."""
    lines = ["| figure | median | lowest – highest |", "|---|---|---|"]
    lines += [f"| `{name}` | {number(mid)} | {number(low)} – {number(high)} |" for name, (low, mid, high) in _all(row)]
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """Three digits are enough; thousands are set apart."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{float(f'{value:.3g}'):g}"


def _all(row: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[float]]]:
    yield from row["figures"].items()
