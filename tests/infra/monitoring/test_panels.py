"""Every query of every panel has data: from a real Prometheus, of a real system to which everything has happened."""

import math
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitoring import incidents, observed
from monitoring.grafana.queries import Query, committed, queries
from monitoring.grafana.series import Prometheus, Series
from monitoring.preview.dashboard import draw_dashboard
from monitoring.system import running

RATE_INTERVAL, TIME_RANGE = "10s", "2m"
WITHIN_S = 30.0
QUERIES = [query for name, board in committed().items() for query in queries(name, board, RATE_INTERVAL, TIME_RANGE)]
#: What cannot be had in this run, by the metric, and why. Without `or vector(0)` such a query returns nothing.
NOT_HERE = {
    "plugwatch_gateway_producer_errors_total": "a broker must be silent for a minute before a batch is given up",
    "plugwatch_rollup_retention_seconds": "the built-in broker does not tell its retention; BROKER=kafka does",
}
if os.environ.get("BROKER") == "kafka":  # noqa: TID251  the runner reads it, too
    del NOT_HERE["plugwatch_rollup_retention_seconds"]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    directory = tmp_path_factory.mktemp("observed")
    with running(directory / "home", chargers=12, rate=24, CLOSE_GRACE_S="1") as system:
        targets = {**system.targets, "proxy": ["127.0.0.1:9"]}  # where nobody is: a target is down
        with (
            observed.blackbox(directory=directory) as prober,
            observed.prometheus(
                targets, directory=directory, metrics_token=system.metrics_token, blackbox=prober
            ) as url,
            incidents.ordinary_day(system),
        ):
            began = time.time()
            for happens in incidents.EVERYTHING:
                happens(system)
            yield Prometheus(url, began)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_panel_has_data(query: Query, prometheus: Prometheus) -> None:
    # 0 where there is nothing would hide a name that is wrong.
    strict = replace(query, expr=query.expr.replace(" or vector(0)", ""))
    if metric := next((metric for metric in NOT_HERE if metric in query.expr), None):
        assert not _finite(prometheus.answer(strict)), f"{metric} is here after all: take it off the list"
        return
    deadline = time.monotonic() + WITHIN_S
    while not _finite(series := prometheus.answer(strict)):
        assert time.monotonic() < deadline, f"{query} has no data: {query.expr} gives {series}"
        time.sleep(0.5)


@pytest.mark.parametrize("name", committed())
def test_the_preview_draws_what_was_answered(name: str, prometheus: Prometheus, tmp_path: Path) -> None:
    board = committed()[name]
    answers = {query.panel["id"]: prometheus.answer(query) for query in queries(name, board, RATE_INTERVAL, TIME_RANGE)}
    draw_dashboard(board, answers, (prometheus.since, time.time()), "a test", tmp_path / "dashboard.png")
    assert 20_000 < (tmp_path / "dashboard.png").stat().st_size < 250_000


def _finite(series: list[Series]) -> bool:
    return any(math.isfinite(value) for one in series for _, value in one.points)
