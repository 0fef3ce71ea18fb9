"""The reckoning: the chargers' books against what Postgres, Redis and the API have. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from tests.faults.book import Book, Place

GONE_EARLIER_S = 20.0  #: an outage is back-dated to when the charger was heard last
SHOWN_AT_MOST = 20


class Line(NamedTuple):
    """A line of history of one place, in the order of (epoch, sequence)."""

    tag: int | None  #: reported_at (ms)
    status: str


@dataclass(slots=True)
class Verdict:
    """What is wrong, a sentence each, by kind."""

    found: dict[str, list[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, sentence: str) -> None:
        """One more of that kind."""
        self.counts[kind] += 1
        if len(self.found.setdefault(kind, [])) < SHOWN_AT_MOST:
            self.found[kind].append(sentence)

    @property
    def is_good(self) -> bool:
        """Nothing is wrong."""
        return not self.counts


def judge_history(book: Book, place: Place, lines: Sequence[Line], verdict: Verdict) -> None:
    """Every acknowledged status exactly once and in its order; of the others each at most once, in its order, too."""
    where = f"{book.charge_point_id} {place[0]}:{place[1]}"
    order = {one.tag: number for number, one in enumerate(book.sent.get(place, []))}
    seen = Counter(line.tag for line in lines if line.tag is not None)
    for one in book.sent.get(place, []):
        if one.acked_at is not None and not one.repeats and not seen[one.tag]:
            verdict.add("lost", f"{where} {one.status} tag {one.tag}, acknowledged, is not in history")
        if seen[one.tag] > 1:
            verdict.add("doubled", f"{where} {one.status} tag {one.tag} is in history {seen[one.tag]} times")
    numbers = [order[line.tag] for line in lines if line.tag in order]
    for before, after in pairwise(numbers):
        if after < before:
            verdict.add("out of order", f"{where}: status number {after} stands after number {before}")


def judge_state(book: Book, place: Place, served: str | None, verdict: Verdict) -> None:
    """The state is the last acknowledged word, or one that was sent after it and never answered."""
    possible, sent = book.possible(place), book.sent.get(place, [])
    if any(one.acked_at is not None for one in sent) and served not in possible:
        where = f"{book.charge_point_id} {place[0]}:{place[1]}"
        verdict.add("wrong state", f"{where} is {served}, not one of {sorted(possible)}")


def judge_outages(book: Book, offline_at: Sequence[float], at_least_s: float, verdict: Verdict) -> int:
    """An absence longer than ``at_least_s`` has its OFFLINE line; gives the number of such absences."""
    absences = [away for away in book.away if away.until - away.since > at_least_s]
    for away in absences:
        if not any(away.since - GONE_EARLIER_S <= at <= away.until for at in offline_at):
            lasted = away.until - away.since
            verdict.add("missing outage", f"{book.charge_point_id} was away for {lasted:.0f} s from {away.since:.0f}")
    return len(absences)


def judge_copies(copies: Mapping[str, bytes], rows: Mapping[str, bytes], verdict: Verdict) -> None:
    """Redis has what Postgres has, byte for byte."""
    for charge_point_id, document in rows.items():
        if copies.get(charge_point_id) != document:
            verdict.add("Redis differs", f"{charge_point_id}: Redis has {copies.get(charge_point_id)!r:.200}")
