"""The Service dashboard: what the API answers, how fast, how often wrongly, and what our processes cost."""

from monitoring.grafana.panels import (
    ALERTS_FIRING,
    GREEN,
    ORANGE,
    RED,
    Dashboard,
    Heat,
    Lines,
    Row,
    Stat,
    Totals,
    asked,
    chosen,
)
from monitoring.grafana.promql import ENV, buckets, more, quantile, rate

_API = f'{ENV}, route=~"$route"'
_PROCESS = f'{ENV}, app=~"$app"'
_REQUESTS, _SECONDS = "plugwatch_api_requests_total", "plugwatch_api_request_seconds"
_ENDPOINT, _EACH = "{{method}} {{route}}", "{{app}} {{instance}}"
_OURS = '5..", status!~"502|504'  #: not what a charger refused or was silent to, which is passed on
_HEALTHZ = f'probe_success{{{ENV}, job="healthz"}}'


def _share(status: str) -> str:
    """Of all answers, those of this status."""
    some = rate(_REQUESTS, where=f'{_API}, status=~"{status}"')
    return f"({some} or vector(0)) / {rate(_REQUESTS, where=_API)}"


def _errors(status: str) -> dict[str, str]:
    by = "status, method, route"
    return {"{{status}} {{method}} {{route}}": more(_REQUESTS, by, f'{_API}, status=~"{status}"')}


SERVICE = Dashboard(
    uid="plugwatch-service",
    title="Plugwatch / Service",
    says="The read API as its clients see it, and what gateway, rollup and API take from their machines.",
    beside=("plugwatch-fleet", "Fleet"),
    variables=[
        asked("env", "Environment", "label_values(up, env)"),
        asked("route", "Route", f"label_values({_REQUESTS}{{{ENV}}}, route)"),
        chosen("app", "Process", ["gateway", "rollup", "api"]),
    ],
    first=[
        ALERTS_FIRING,
        Stat(
            title="Not healthy",
            says="Replicas of gateway, rollup, API and proxy that do not answer /healthz with 200. Ask one of them: "
            "the body names the dependency that is away.",
            queries={"not healthy": f"count({_HEALTHZ} == 0) or vector(0)"},
            unit="short",
            limits=[(1, RED)],
            runbooks=["HealthzDown"],
        ),
        Stat(
            title="Not scraped",
            says="Targets that do not answer Prometheus: of these we know nothing. Its page of targets says why: "
            "refused is a dead process, 401 another metrics token.",
            queries={"not scraped": f"count(up{{{ENV}}} == 0) or vector(0)"},
            unit="short",
            limits=[(1, RED)],
            runbooks=["MetricsScrapeFailing"],
        ),
        Stat(
            title="Requests",
            says="Requests a second that the API answers. A fall to 0 is a proxy or DNS fault in front of it, not "
            "here.",
            queries={"requests": rate(_REQUESTS, where=_API)},
            unit="reqps",
        ),
        Stat(
            title="5xx",
            says="Share of the answers that are our fault (502 and 504 are a charger's). 0.1 % is what we promise not "
            "to exceed. Find route and status below, then the log by request_id.",
            queries={"5xx": _share(_OURS)},
            unit="percentunit",
            limits=[(0.001, ORANGE), (0.05, RED)],
            runbooks=["High5xxErrorRate", "ErrorBudgetBurn"],
        ),
        Stat(
            title="4xx",
            says="Share of the answers that are the client's fault. A jump is one client after a release of theirs or "
            "ours, or a token that was changed (401).",
            queries={"4xx": _share("4..")},
            unit="percentunit",
            limits=[(0.05, ORANGE), (0.1, RED)],
            runbooks=["High4xxErrorRate"],
        ),
        Stat(
            title="p90",
            says="Nine of ten requests are answered faster than this. Rising together with CPU below: scale the API; "
            "rising alone: look at Postgres.",
            queries={"p90": quantile(0.9, _SECONDS, where=_API)},
            unit="s",
            limits=[(1, ORANGE), (3, RED)],
            runbooks=["HighLatencyP90"],
        ),
        Stat(
            title="Read without Postgres",
            says="Share of the documents that came from memory or Redis; the rest came from Postgres. "
            "Falling: Redis is away, or was emptied and is being filled.",
            queries={
                "hot": rate("plugwatch_api_reads_total", where=f'{ENV}, source=~"memory|hot"')
                + " / "
                + rate("plugwatch_api_reads_total")
            },
            unit="percentunit",
            base=RED,
            limits=[(0.5, ORANGE), (0.95, GREEN)],
            runbooks=["DocumentsUnpublished"],
        ),
    ],
    rows=[
        Row(
            "Answers",
            [
                Lines(
                    title="Requests by endpoint",
                    says="Requests a second by method and route; <unmatched> has none: scanners, and what was "
                    "refused for its token. One route that rises alone is one client polling: offer it "
                    "/v1/stream.",
                    queries={_ENDPOINT: rate(_REQUESTS, "method, route", _API)},
                    unit="reqps",
                    width=12,
                ),
                Totals(
                    title="Total requests by endpoint",
                    says="Requests over the time range that is shown. What is large here pays for being made faster.",
                    queries={
                        _ENDPOINT: f"sort_desc(sum by (method, route) (increase({_REQUESTS}{{{_API}}}[$__range])))"
                    },
                    unit="short",
                    width=12,
                ),
                Lines(
                    title="p90 by endpoint",
                    says="Nine of ten requests to the endpoint are faster than this; above the line an alert fires. "
                    "Lists and series that rise: a missing filter, then Postgres; all that rise: CPU below. "
                    "Commands and availability wait for chargers.",
                    queries={_ENDPOINT: quantile(0.9, _SECONDS, "method, route", _API)},
                    unit="s",
                    limits=[(3, RED)],
                    runbooks=["HighLatencyP90"],
                    width=12,
                ),
                Heat(
                    title="Latency",
                    says="How many requests took how long. Two bands are two kinds of requests, e.g. Redis and "
                    "Postgres; a band that climbs is a queue.",
                    queries={"{{le}}": buckets(_SECONDS, _API)},
                    unit="s",
                    runbooks=["HighLatencyP90"],
                    width=12,
                ),
            ],
        ),
        Row(
            "Errors",
            [
                Lines(
                    title="4xx by endpoint and method",
                    says="What clients do wrong, and where. 401: a token was changed; 404 on one route: stale ids; "
                    "409 and 412: two writers of one thing; 422: a client's release; 429: a limit is reached.",
                    queries=_errors("4.."),
                    unit="short",
                    bars=True,
                    runbooks=["High4xxErrorRate"],
                ),
                Lines(
                    title="5xx by endpoint and method",
                    says="What was our side's fault, and where. 500 is a bug: its traceback is in the log. 503: a "
                    "dependency is away, see /readyz. 502 and 504: a charger refused a command or kept silent.",
                    queries=_errors("5.."),
                    unit="short",
                    bars=True,
                    runbooks=["High5xxErrorRate", "ErrorBudgetBurn"],
                ),
                Lines(
                    title="Share of errors",
                    says="Of all answers. 4xx above the line for ten minutes alerts. 4xx alone is a client; both "
                    "together are often the database.",
                    queries={"4xx": _share("4.."), "5xx": _share(_OURS)},
                    unit="percentunit",
                    limits=[(0.1, RED)],
                    colours={"4xx": ORANGE, "5xx": RED},
                    runbooks=["High4xxErrorRate", "High5xxErrorRate"],
                ),
            ],
        ),
        Row(
            "Documents and streams",
            [
                Lines(
                    title="Documents read by source",
                    says="hot is Redis. postgres that rises means that Redis is away, stale or not filled: answers "
                    "stay right and become slower. stale is given with its age, since Postgres is away, too.",
                    queries={"{{source}}": rate("plugwatch_api_reads_total", "source")},
                    unit="rps",
                    stacked=True,
                    colours={"hot": GREEN, "postgres": ORANGE, "stale": RED},
                    runbooks=["CopyStale", "DocumentsUnpublished"],
                ),
                Lines(
                    title="Writes that Redis did not take",
                    says="Changes of the inventory that are in Postgres and not yet in Redis. A rollup publishes them "
                    "within seconds; if this goes on, look at Redis and at the rollups.",
                    queries={"writes": more("plugwatch_api_unpublished_total")},
                    unit="short",
                    bars=True,
                    runbooks=["DocumentsUnpublished"],
                ),
                Lines(
                    title="Streams",
                    says="Clients that listen on /v1/stream, and those that were cut off since they read too slowly. "
                    "A sudden fall is a restart: they come back. Dropped ones that go on should filter.",
                    queries={
                        "open": f"sum(plugwatch_api_streams{{{ENV}}})",
                        "dropped": more("plugwatch_api_streams_dropped_total"),
                    },
                    unit="short",
                    colours={"dropped": RED},
                ),
            ],
        ),
        Row(
            "Processes",
            [
                Lines(
                    title="CPU",
                    says="Cores in use. Each process is one thread, so near the line it is full: one replica more, "
                    "and of rollups never more than there are partitions.",
                    queries={_EACH: rate("process_cpu_seconds_total", "app, instance", _PROCESS)},
                    unit="short",
                    limits=[(0.9, RED)],
                    runbooks=["ConsumerLagHigh", "HighLatencyP90"],
                ),
                Lines(
                    title="Memory",
                    says="Resident memory. A gateway grows with its sockets (about 7 kB each) and with what waits for "
                    "the broker; what only ever climbs is a leak.",
                    queries={_EACH: f"sum by (app, instance) (process_resident_memory_bytes{{{_PROCESS}}})"},
                    unit="bytes",
                ),
                Lines(
                    title="Open files",
                    says="Share of the files (sockets are files) that a process may open. Near 1 new connections "
                    "fail: raise the limit or add a replica.",
                    queries={
                        _EACH: f"max by (app, instance) (process_open_fds{{{_PROCESS}}}"
                        f" / process_max_fds{{{_PROCESS}}})"
                    },
                    unit="percentunit",
                    most=1,
                    limits=[(0.8, RED)],
                ),
                Lines(
                    title="Healthy replicas",
                    says="Share of the replicas that answer /healthz with 200. Below 0.5 for a minute pages somebody.",
                    queries={"{{app}}": f"avg by (app) ({_HEALTHZ})"},
                    unit="percentunit",
                    most=1,
                    limits=[(0.5, GREEN)],
                    base=RED,
                    runbooks=["HealthzDown"],
                    width=12,
                ),
                Lines(
                    title="Running for",
                    says="Age of each process. Teeth are restarts: more of them than roll-outs is a crash loop, and "
                    "the end of the log says why.",
                    queries={
                        _EACH: f"time() - max by (app, instance) (process_start_time_seconds{{{_PROCESS}}})",
                    },
                    unit="s",
                    runbooks=["HealthzDown"],
                    width=12,
                ),
            ],
        ),
    ],
)
