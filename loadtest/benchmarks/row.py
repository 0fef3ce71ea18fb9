"""What a row of the table is: figures with their spread over rounds, and the goals they are held against."""

import json
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Spread = tuple[float, float, float]
"""Minimum, median and maximum over the rounds."""


class Rounds:
    """Figures, a value each round; the first round may be one that only warms up."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = {}

    def add(self, name: str, value: float) -> None:
        """One more value."""
        self._values.setdefault(name, []).append(value)

    def add_all(self, values: Mapping[str, float], prefix: str = "") -> None:
        """One more value of each."""
        for name, value in values.items():
            self.add(prefix + name, value)

    @property
    def spread(self) -> dict[str, Spread]:
        """What they come to."""
        return {name: spread(values) for name, values in self._values.items()}


def spread(values: Sequence[float]) -> Spread:
    """Minimum, median and maximum."""
    low, middle, high = (float(f"{one:.4g}") for one in (min(values), statistics.median(values), max(values)))
    return low, middle, high


def quotient(one: Spread, other: Spread) -> Spread:
    """Of figures that were not taken in rounds: the medians', and how far it might be from that."""
    return spread([one[0] / other[2], one[1] / other[1], one[2] / other[0]])


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure is to be; ``unit`` × marks a ratio to the baseline of the same run."""

    what: str
    figure: str
    bound: float
    unit: str = "×"
    kind: Literal["at most", "at least"] = "at most"

    def judged(self, figures: Mapping[str, Spread]) -> dict[str, Any] | None:
        """The goal with what was measured; None where this run measured no such figure."""
        if (measured := figures.get(self.figure)) is None:
            return None
        at_most, middle = self.kind == "at most", measured[1]
        return {
            "what": self.what,
            "figure": self.figure,
            "goal": f"{'≤' if at_most else '≥'} {self.bound:g} {self.unit}",
            "unit": self.unit,
            "measured": measured,
            "reached": middle <= self.bound if at_most else middle >= self.bound,
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One benchmark's result."""

    settings: dict[str, Any]
    figures: dict[str, Spread]
    goals: Sequence[Goal]
    short: list[str] = field(default_factory=list)  #: which of its sizes this machine could not bear

    @property
    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "settings": self.settings,
            "goals": [judged for goal in self.goals if (judged := goal.judged(self.figures))],
            "short": self.short,
            "figures": self.figures,
        }


def written(told: Mapping[str, Any]) -> str:
    """JSON for people, too: a spread is one line."""
    text = json.dumps(told, indent=1, ensure_ascii=False)
    return re.sub(r"\[\s+([^][{}\"]+?)\s+\]", lambda found: "[" + " ".join(found[1].split()) + "]", text) + "\n"
