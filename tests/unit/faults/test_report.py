"""The page that a run of faults makes."""

import re

from tests.faults.report import Summary, page
from tests.faults.verdict import Verdict
from tests.unit.papers.test_links import ROOT

FAULT = re.compile(r"^\| (.+) \| \d+ \|$", re.M)


def faults(text: str) -> list[str]:
    return FAULT.findall(text.partition("| fault, ")[2].partition("\nA document")[0])


def test_faults_are_listed_by_name_however_they_came() -> None:
    run = Summary(
        command="make test-faults", broker="Apache Kafka", lasted_s=60, chargers=3, sent=9, acked=8, amid_fault=7,
        reads=6, judged=5, unanswered=4, absences=2,
        faults={"kill -9 Redis": 2, "both rollups rebalance": 1, "FLUSHALL": 3},
        storm=None, verdict=Verdict(),
    )  # fmt: skip
    assert faults(page(run)) == ["both rollups rebalance", "FLUSHALL", "kill -9 Redis"]


def test_so_they_are_in_docs() -> None:
    listed = faults((ROOT / "docs/faults.md").read_text())
    assert listed == sorted(listed, key=str.lower)
