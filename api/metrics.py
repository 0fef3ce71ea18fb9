"""Every metric of the API, each with its reason. No id is ever a label; methods and routes are known sets."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import Scope

UNMATCHED = "<unmatched>"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ENDLESS = frozenset({"/v1/stream"})  #: how long a client listens is no latency
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 3, 5, 10)


def operation(scope: Scope) -> tuple[str, str]:
    """The method and the template of the route of a request, each of a known set."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    if "route" in scope:  # FastAPI's routes leave themselves in the scope
        return method, scope["route"].path
    if "endpoint" in scope and not scope.get("path_params"):  # the plain ones, such as /readyz
        return method, scope["path"]
    return method, scope.get("template", UNMATCHED)  # of what was refused before it came to its route


class Metrics:
    """Counts what the API does; one in a process, on the registry that ``/metrics`` shows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        # Traffic and errors: rate by status class is the first thing to look at.
        self._requests = Counter(
            "plugwatch_api_requests", "Requests answered", ["method", "route", "status"], registry=registry
        )
        # Latency as a client sees it up to the last byte handed to the socket.
        self._seconds = Histogram(
            "plugwatch_api_request_seconds",
            "Time to answer",
            ["method", "route"],
            registry=registry,
            buckets=_BUCKETS_S,
        )
        # Where documents come from, "memory" being this process': "postgres" rising means that Redis is away or not
        # filled.
        reads = Counter("plugwatch_api_reads", "Documents read, by source", ["source"], registry=registry)
        self.reads_memory = reads.labels("memory")
        self.reads_hot = reads.labels("hot")
        self.reads_postgres = reads.labels("postgres")
        self.reads_stale = reads.labels("stale")  # given with their age: nobody vouches for them, and Postgres is away
        # Inventory writes whose documents Redis did not take: a rollup must publish them from their notes.
        self.unpublished = Counter(
            "plugwatch_api_unpublished", "Committed writes that Redis did not take", registry=registry
        )
        # Each costs a socket and what waits for it; the process restarts below its limit of open files.
        self.streams = Gauge("plugwatch_api_streams", "Open streams", registry=registry)
        # Rising: clients that cannot keep up connect again and again, or one filters too little.
        self.streams_dropped = Counter(
            "plugwatch_api_streams_dropped", "Streams closed because they were read too slowly", registry=registry
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """A request was answered; its route is the template that matched."""
        method, route = operation(scope)
        known = self._children.get((method, route, status))
        if known is None:
            known = (self._requests.labels(method, route, str(status)), self._seconds.labels(method, route))
            self._children[method, route, status] = known
        requests, latency = known
        requests.inc()
        if route not in ENDLESS:
            latency.observe(seconds)
