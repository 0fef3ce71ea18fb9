"""Every alert fires when it should and only then, says what to do first, and has its page."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.monitoring.rules import ALERTS, MONITORING, Rule
from tests.infra.tools import output

CASES = Path(__file__).with_name("alerts")
RUNBOOKS = MONITORING / "runbooks"
BLOB = "https://github.com/plugwatch/plugwatch/blob/main/monitoring/runbooks"
SECTIONS = ["What it means", "What users feel", "Look at", "Do", "If it is wrong"]
NAMES = sorted({rule.name for rule in ALERTS})

AN_ALERT = pytest.mark.parametrize("rule", ALERTS, ids=str)
BY_NAME = pytest.mark.parametrize("name", NAMES)


def cases(name: str) -> list[dict[str, Any]]:
    """What is expected of the alert, at each time that its file asks."""
    file: dict[str, Any] = yaml.safe_load((CASES / f"{name}.test.yml").read_text())
    asked = [one for group in file["tests"] for one in group["alert_rule_test"]]
    assert {one["alertname"] for one in asked} == {name}, "a file asks for the alert of its name"
    return asked


@BY_NAME
def test_promtool_agrees(name: str) -> None:
    output("promtool", "test", "rules", CASES / f"{name}.test.yml")


def test_there_is_a_file_of_cases_for_every_alert_and_no_other() -> None:
    assert {file.name for file in CASES.iterdir()} == {f"{name}.test.yml" for name in NAMES}


@AN_ALERT
def test_a_case_has_it_firing(rule: Rule) -> None:
    fired = [alert["exp_labels"] for case in cases(rule.name) for alert in case["exp_alerts"]]
    assert any(rule.labels.items() <= labels.items() for labels in fired)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "Watchdog"])
def test_a_case_has_it_silent_where_something_else_is_the_matter(name: str) -> None:
    groups = yaml.safe_load((CASES / f"{name}.test.yml").read_text())["tests"]
    silent = [g for g in groups if not any(case["exp_alerts"] for case in g["alert_rule_test"])]
    assert any(group["input_series"] for group in silent)


@AN_ALERT
def test_it_says_what_to_do_first(rule: Rule) -> None:
    assert rule.annotations.keys() == {"summary", "description", "runbook_url"}
    assert rule.labels["severity"] in {"critical", "warning", "info", "none"}
    assert not rule.annotations["summary"].endswith(".")
    assert len(re.sub(r"\{\{.*?\}\}", "value", rule.annotations["summary"])) < 70
    if rule.name != "Watchdog":
        assert re.search(r"\b[Ff]irst\b", rule.annotations["description"]), "what does one do first?"


@AN_ALERT
def test_its_page_is_there(rule: Rule) -> None:
    assert rule.annotations["runbook_url"] == f"{BLOB}/{rule.name}.md"
    assert (RUNBOOKS / f"{rule.name}.md").is_file()


@BY_NAME
def test_a_page_has_its_sections(name: str) -> None:
    page = (RUNBOOKS / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == SECTIONS
    assert all(len(section.strip()) > 40 for section in re.split(r"^## .*$", page, flags=re.MULTILINE)[1:])


def test_there_are_no_other_pages() -> None:
    assert {page.stem for page in RUNBOOKS.iterdir()} == set(NAMES)


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target
