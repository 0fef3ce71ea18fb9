"""A row of the benchmarks: its spread, and what becomes of its goals."""

import json

from loadtest.benchmarks.row import Goal, Rounds, Row, percentile, quotient, spread, written

AT_MOST = Goal("CPU", "ratio", 0.7)
AT_LEAST = Goal("requests", "per_s", 1.0, kind="at least")


def test_a_spread_is_lowest_median_and_highest() -> None:
    assert spread([3.0, 1.0, 2.0]) == (1.0, 2.0, 3.0)


def test_a_quotient_is_as_wide_as_both_spreads_allow() -> None:
    assert quotient((1.0, 2.0, 3.0), (2.0, 4.0, 6.0)) == (0.1667, 0.5, 1.5)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([5.0, 1.0, 9.0], 0.99) == 9.0
    assert percentile([5.0], 0.5) == 5.0


def test_a_goal_is_judged_by_the_median_whichever_way_it_goes() -> None:
    def reached(goal: Goal, middle: float) -> bool:
        judged = goal.judged({goal.figure: (0.0, middle, 9.0)})
        assert judged is not None
        return bool(judged["reached"])

    assert reached(AT_MOST, 0.7)
    assert not reached(AT_MOST, 0.71)
    assert reached(AT_LEAST, 1.0)
    assert not reached(AT_LEAST, 0.99)


def test_a_goal_whose_figure_was_not_measured_is_not_told() -> None:
    rounds = Rounds()
    rounds.add_all({"ratio": 0.5}, "500.")
    row = Row({}, rounds.spread, (AT_MOST, AT_LEAST, Goal("CPU", "500.ratio", 0.7)))
    assert [goal["figure"] for goal in row.told["goals"]] == ["500.ratio"]


def test_a_spread_is_one_line_of_json() -> None:
    text = written({"rows": {"steady": {"short": [], "figures": {"ratio": spread([0.5, 1, 2000])}}}})
    assert '"ratio": [0.5, 1.0, 2000.0]\n' in text
    assert json.loads(text)["rows"]["steady"]["figures"]["ratio"] == [0.5, 1, 2000]
