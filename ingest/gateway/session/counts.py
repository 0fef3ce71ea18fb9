"""What frames and events there were, counted cheaply; the metrics get the sums twice a second."""

from collections import Counter

from ingest.gateway.metrics import Metrics
from ingest.ocpp.commands import STATUSES
from ingest.ocpp.session import Answer, Outcome
from shared.words.event import Event


class Counts:
    """Of all sessions of one gateway."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._frames: Counter[tuple[str, str, str]] = Counter()
        self._call_errors: Counter[tuple[str, str]] = Counter()
        self._events: Counter[type[Event]] = Counter()

    def frame(self, protocol: str, outcome: Outcome) -> None:
        """A frame from a charger."""
        self._frames[protocol, outcome.kind, outcome.action] += 1
        if outcome.error_code is not None:
            self._call_errors[protocol, outcome.error_code] += 1
        if outcome.left_out:
            self._metrics.left_out.inc(outcome.left_out)

    def event(self, event: Event) -> None:
        """An event on its way to the log."""
        self._events[type(event)] += 1

    def answer(self, answer: Answer) -> None:
        """A charger answered a command."""
        result = "error" if answer.status is None else answer.status if answer.status in STATUSES else "other"
        self._metrics.commands.labels(type(answer.command).__name__, result).inc()

    def hand_over(self) -> None:
        """Adds the sums to the metrics."""
        for frame, n in self._frames.items():
            self._metrics.frames.labels(*frame).inc(n)
        for error, n in self._call_errors.items():
            self._metrics.call_errors.labels(*error).inc(n)
        for event, n in self._events.items():
            self._metrics.events.labels(event.__name__).inc(n)
        self._frames.clear()
        self._call_errors.clear()
        self._events.clear()
