"""The dashboards' files: as declared, whole, readable, and made of metrics and labels that the code has."""

import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.grafana.__main__ import DECLARED, text
from monitoring.grafana.queries import DASHBOARDS, Query, committed, queries
from tests.infra.monitoring import promql
from tests.infra.monitoring.exported import TARGET, Labels, all_series
from tests.infra.tools import ROOT, output

MONITORING = ROOT / "monitoring"
PROVISIONING = MONITORING / "grafana/provisioning"
BOARDS = committed()
QUERIES = [query for name, board in BOARDS.items() for query in queries(name, board, "1m", "1h")]
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"] if panel["type"] != "row"]
BY_PANEL = pytest.mark.parametrize(
    ("board", "panel"), PANELS, ids=lambda one: one if isinstance(one, str) else one["title"]
)

PROCESS = ("cpu_seconds_total", "resident_memory_bytes", "open_fds", "max_fds", "start_time_seconds")
SERIES: Mapping[str, Labels] = {
    **all_series(),
    "ALERTS": TARGET | {"alertname", "alertstate", "severity"},
    **{f"process_{one}": TARGET for one in PROCESS},
}


@pytest.mark.parametrize("name", DECLARED)
def test_a_file_is_what_is_declared(name: str) -> None:
    found = (DASHBOARDS / f"{name}.json").read_text()
    assert found == text(DECLARED[name]), f"{name}.json is stale: run python -m monitoring.grafana"


def test_there_are_no_other_files() -> None:
    assert set(BOARDS) == set(DECLARED)


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_is_of_no_running_grafana(name: str) -> None:
    board = BOARDS[name]
    assert board["uid"] == f"plugwatch-{name}"
    assert not {"id", "version", "__inputs", "__requires", "iteration"} & board.keys()


@pytest.mark.parametrize("name", BOARDS)
def test_ids_and_titles_are_unique(name: str) -> None:
    panels = BOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)


@pytest.mark.parametrize("name", BOARDS)
def test_panels_fill_the_grid_and_do_not_overlap(name: str) -> None:
    def cells(panel: Any) -> set[tuple[int, int]]:
        at = panel["gridPos"]
        return {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}

    panels = BOARDS[name]["panels"]
    for one, other in combinations(panels, 2):
        assert not cells(one) & cells(other), f"{one['title']} lies upon {other['title']}"
    covered = set[tuple[int, int]]().union(*map(cells, panels))
    lowest = max(y for _, y in covered)
    assert covered == {(x, y) for x in range(24) for y in range(lowest + 1)}


@BY_PANEL
def test_a_panel_says_what_it_means(board: str, panel: Any) -> None:
    assert len(panel["description"]) > 40, "what does a rise mean, and where does one look next?"
    assert panel["fieldConfig"]["defaults"]["unit"]
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    assert all(source == {"type": "prometheus", "uid": "prometheus"} for source in sources)


@BY_PANEL
def test_a_panels_runbooks_exist(board: str, panel: Any) -> None:
    for link in panel["links"]:
        page = Path(link["url"].partition("/blob/main/")[2])
        assert (ROOT / page).is_file(), f"{page} is not there"
        assert link["title"] == f"Runbook: {page.stem}"


@pytest.mark.parametrize("name", BOARDS)
def test_dashboards_lead_to_each_other(name: str) -> None:
    (other,) = (board["uid"] for board in BOARDS.values() if board["uid"] != BOARDS[name]["uid"])
    links = {link["url"] for link in BOARDS[name]["links"]}
    assert f"/d/{other}" in links
    assert any(url.endswith("/monitoring/runbooks") for url in links)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_no_variable_is_left_open(query: Query) -> None:
    assert "$" not in query.expr


def test_every_query_and_annotation_is_promql(tmp_path: Path) -> None:
    marks = [mark["expr"].replace("$env", ".*") for board in BOARDS.values() for mark in board["annotations"]["list"]]
    rules = [{"record": f"query:{n}", "expr": e} for n, e in enumerate([q.expr for q in QUERIES] + marks)]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))
    assert f"{len(rules)} rules found" in output("promtool", "check", "rules", "--lint=none", file)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_metrics_and_labels_are_those_of_the_code(query: Query) -> None:
    known: Labels = TARGET
    for asked in promql.selectors(query.expr):
        assert asked.metric in SERIES, f"nobody exports {asked.metric}"
        assert asked.labels <= SERIES[asked.metric], f"{asked.metric} has no {asked.labels - SERIES[asked.metric]}"
        assert "env" in asked.labels, "the environment that was chosen is asked for"
        known |= SERIES[asked.metric]
    assert promql.groupings(query.expr) <= known


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_legend_shows_labels_that_the_query_keeps(query: Query) -> None:
    shown = set(re.findall(r"{{(\w+)}}", query.legend))
    _, kept = next(promql.aggregations(query.expr), ("", frozenset()))
    assert shown <= kept


@pytest.mark.parametrize("name", BOARDS)
def test_variables_are_of_what_exists(name: str) -> None:
    for variable in BOARDS[name]["templating"]["list"]:
        if variable["type"] == "query":
            found = re.fullmatch(r"label_values\((\w+)(?:{.*})?, (\w+)\)", variable["query"]["query"])
            assert found
            assert found[2] in SERIES[found[1]]


def test_the_data_source_is_the_one_dashboards_name() -> None:
    (source,) = yaml.safe_load((PROVISIONING / "datasources/prometheus.yaml").read_text())["datasources"]
    prometheus = yaml.safe_load((MONITORING / "prometheus/prometheus.yml").read_text())
    assert (source["type"], source["uid"]) == ("prometheus", "prometheus")
    assert source["jsonData"]["timeInterval"] == prometheus["global"]["scrape_interval"]


def test_compose_mounts_what_is_provisioned() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    mounts = dict(one.split(":")[:2] for one in compose["services"]["grafana"]["volumes"])
    inside = {ours: theirs for ours, theirs in mounts.items() if ours.startswith("./")}
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards/plugwatch.yaml").read_text())["providers"]
    assert inside == {
        "./monitoring/grafana/provisioning": "/etc/grafana/provisioning",
        "./monitoring/grafana/dashboards": provider["options"]["path"],
    }
    (source,) = yaml.safe_load((PROVISIONING / "datasources/prometheus.yaml").read_text())["datasources"]
    assert source["url"].partition("://")[2].split(":")[0] in compose["services"]
