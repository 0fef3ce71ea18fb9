"""What a Prometheus answers to the dashboards' queries."""

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.grafana.queries import Query

STEPS = 120  #: points a series has at most


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its legend, its labels, and points of time (s) and value."""

    name: str
    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


class Prometheus:
    """Answers over the time from `since` (s) to now, or to when it was frozen."""

    def __init__(self, url: str, since: float) -> None:
        self._url = url
        self.since = since
        self._until: float | None = None

    def freeze(self) -> float:
        """From here on it is always this moment (s)."""
        self._until = time.time()
        return self._until

    def answer(self, query: Query) -> list[Series]:
        """The series of one query; raises OSError, with what Prometheus said of it."""
        until = self._until or time.time()
        step = max(1, round((until - self.since) / STEPS))
        if query.instant:
            found = self._ask("query", {"query": query.expr, "time": until})
        else:
            found = self._ask("query_range", {"query": query.expr, "start": self.since, "end": until, "step": step})
        return [
            Series(
                query.name_of(one["metric"]),
                one["metric"],
                [(float(at), float(value)) for at, value in one.get("values") or [one["value"]]],
            )
            for one in found
        ]

    def _ask(self, path: str, parameters: Mapping[str, Any]) -> list[Any]:
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                result: list[Any] = json.load(answer)["data"]["result"]
                return result
        except urllib.error.HTTPError as refusal:
            raise OSError(f"{parameters['query']}: {refusal.read().decode(errors='replace')}") from refusal
