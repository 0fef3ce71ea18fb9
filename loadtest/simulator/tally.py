"""What the simulated chargers did, counted in one place."""

from collections import deque
from dataclasses import dataclass, field
from statistics import quantiles


@dataclass(slots=True)
class Tally:
    """Counters over all chargers; answer times are of the last 20,000 answers."""

    connected: int = 0
    ever_connected: bool = False
    sent: int = 0  #: statuses sent
    answered: int = 0  #: statuses the server acknowledged
    errors: int = 0  #: CALLERRORs, and replies that are not valid
    last_error: str | None = None
    last_failure: str | None = None  #: why a connection failed
    answer_times_s: deque[float] = field(default_factory=lambda: deque(maxlen=20_000))

    def error(self, error: Exception) -> None:
        self.errors += 1
        self.last_error = repr(error)

    def answer_times(self) -> str:
        """Median and 99th percentile."""
        if len(self.answer_times_s) < 2:
            return "p50 - p99 -"
        cuts = quantiles(self.answer_times_s, n=100)
        return f"p50 {cuts[49] * 1000:.1f} ms p99 {cuts[98] * 1000:.1f} ms"
