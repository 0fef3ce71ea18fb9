"""Rules name what exists: every metric and every label is the code's, an exporter's, or recorded by another rule."""

import pytest

from tests.infra.monitoring import promql
from tests.infra.monitoring.exported import TARGET, Labels, all_series, samples
from tests.infra.monitoring.rules import RULES, Rule

EXPORTED = all_series()
RECORDED: dict[str, Labels] = {
    rule.name: TARGET | promql.groupings(rule.expr) | rule.labels.keys() for rule in RULES if not rule.is_alert
}
SERIES = EXPORTED | RECORDED


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_names_what_exists(rule: Rule) -> None:
    named = list(promql.selectors(rule.expr))
    assert named or rule.name == "Watchdog"
    known: set[str] = set(TARGET)
    for one in named:
        assert one.metric in SERIES, f"nobody exports {one.metric}"
        assert one.labels <= SERIES[one.metric], f"{one.metric} has no {sorted(one.labels - SERIES[one.metric])}"
        known |= SERIES[one.metric]
    assert promql.groupings(rule.expr) <= known


def test_whatever_is_recorded_is_used() -> None:
    used = {one.metric for rule in RULES for one in promql.selectors(rule.expr)}
    assert RECORDED.keys() <= used


def test_the_limit_of_latency_is_a_bound_of_the_buckets() -> None:
    (rule,) = (rule for rule in RULES if rule.name == "HighLatencyP90")
    assert "> 3 " in rule.expr
    bounds = {sample.name: set[str]() for sample in samples()}
    for sample in samples():
        bounds[sample.name].add(sample.labels.get("le", ""))
    assert "3.0" in bounds["plugwatch_api_request_seconds_bucket"]
    assert "3.0" in bounds["plugwatch_gateway_ack_seconds_bucket"]
