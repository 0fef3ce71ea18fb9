"""The marks that a load test must reach to pass, held against what was measured. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loadtest.swarm.entries import BEHIND, READ, STATUSES, VISIBLE
from loadtest.swarm.scenario.bounds import Bounds
from loadtest.swarm.verdict.figures import NONE, Figures, Moment, together


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark; `measured` None: nothing was measured, which is no pass."""

    name: str
    bound: float
    measured: float | None
    unit: Literal["%", "ms", "/s", ""]
    least: bool = False  #: the bound is the least that passes, not the most

    @property
    def passed(self) -> bool:
        if self.measured is None:
            return False
        return self.measured >= self.bound if self.least else self.measured <= self.bound


def statuses(moment: Moment) -> Figures:
    """Every status that a charger sent, in whatever dialect."""
    return together(figures for (_, name), figures in moment.items() if name in STATUSES)


def reads(moment: Moment) -> Figures:
    """Every read of the API but the streams."""
    return together(figures for (kind, _), figures in moment.items() if kind == READ)


def of_the_system(moment: Moment) -> Figures:
    """Everything but what the generator says of itself."""
    return together(figures for key, figures in moment.items() if key != BEHIND)


def visible(moment: Moment) -> Figures:
    return moment.get(VISIBLE, NONE)


def judge(plateau: Moment, seconds: float, whole: Moment, bounds: Bounds, *, readers: bool) -> Sequence[Mark]:
    """The marks for a plateau that lasted `seconds`, and for the whole run. Without readers there is none for reads."""
    every = of_the_system(whole)
    share = 100 * every.failures / every.requests if every.requests else None
    acknowledged, seen = statuses(plateau), visible(whole)
    rate = acknowledged.successes / seconds if seconds else None
    marks = [
        Mark("failed, of everything", 100 * bounds.failures, share, "%"),
        Mark("statuses never visible", 0, seen.failures if seen.requests else None, ""),
        Mark("statuses acknowledged", bounds.rate, rate, "/s", least=True),
        Mark("acknowledgement p99", bounds.ack_ms, acknowledged.percentile(0.99), "ms"),
        Mark("end to end p99", bounds.visible_ms, visible(plateau).percentile(0.99), "ms"),
        Mark("API reads p99", bounds.read_ms, reads(plateau).percentile(0.99), "ms"),
        Mark("generator's lag p99", bounds.behind_ms, plateau.get(BEHIND, NONE).percentile(0.99), "ms"),
    ]
    return [mark for mark in marks if readers or mark.name != "API reads p99"]


def table(marks: Sequence[Mark]) -> str:
    """For people."""
    rows = [("", "mark", "measured", "")]
    for mark in marks:
        sign = "≥" if mark.least else "≤"
        measured = "nothing" if mark.measured is None else f"{mark.measured:,.4g} {mark.unit}"
        rows.append((mark.name, f"{sign} {mark.bound:,.4g} {mark.unit}", measured, "pass" if mark.passed else "FAIL"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"  {name:<{widths[0]}}  {bound:>{widths[1]}}  {measured:>{widths[2]}}  {verdict}".rstrip()
        for name, bound, measured, verdict in rows
    )
