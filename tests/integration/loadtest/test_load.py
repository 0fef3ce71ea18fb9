"""The load test as a person runs it, against a whole system: it passes when all is well, and not when a part is not."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loadtest.smoke import LOAD
from loadtest.swarm.inventory import Inventory
from loadtest.swarm.scenario.fleet import Fleet
from local.apart import Apart

ROOT = Path(__file__).parents[3]
CHARGERS = 31
SHORT = {
    "LOAD_CHARGERS": str(CHARGERS),
    "LOAD_RATE": "20",
    "LOAD_READERS": "6",
    "LOAD_WARM_UP": "1",
    "LOAD_RAMP": "1",
    "LOAD_SECONDS": "5",
    "LOAD_ANSWER_WITHIN": "2",
    "LOAD_VISIBLE_WITHIN": "3",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a load test ended."""

    status: int
    said: str
    reports: Path

    @property
    def report(self) -> dict[str, Any]:
        (path,) = self.reports.glob("*.json")
        told: dict[str, Any] = json.loads(path.read_text())
        return told

    @property
    def failed_marks(self) -> set[str]:
        return {mark["name"] for mark in self.report["marks"] if not mark["passed"]}

    def requests(self, name: str) -> int:
        return sum(entry["requests"] for entry in self.report["whole"]["entries"] if entry["name"] == name)


@pytest.fixture(scope="module")
def run_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with Apart(tmp_path_factory.mktemp("loaded")) as system:
        yield system.run_file


def load(run_file: Path, reports: Path, *arguments: str, **options: str) -> Ended:
    given = LOAD | SHORT | {"LOAD_RUN_FILE": str(run_file), "LOAD_REPORTS": str(reports)} | options
    locust = [sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py", "--headless", *arguments]
    ended = subprocess.run(
        ["env", *(f"{name}={value}" for name, value in given.items()), *locust],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=150,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, reports)


@pytest.fixture
def inventory(run_file: Path) -> Inventory:
    run = json.loads(run_file.read_text())
    return Inventory(run["api"], run["admin_token"])


@contextmanager
def standing_still(run_file: Path, part: str) -> Iterator[None]:
    pid = json.loads(run_file.read_text())["pids"][part]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_healthy_system_passes_from_two_processes_and_through_a_storm(
    run_file: Path, inventory: Inventory, tmp_path: Path
) -> None:
    ended = load(run_file, tmp_path, "--processes", "2", LOAD_STORM="true")
    assert ended.status == 0, ended.said
    assert ended.report["passed"]
    assert ended.report["machine"]["generators"] == 2
    assert ended.requests("BootNotification") == CHARGERS, "each charger is one user in one process"
    assert ended.requests("handshake") == 2 * CHARGERS, "and comes back once after the storm"
    assert ended.requests("status visible in the API") > 50
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".html", ".png"}
    assert all(str(path) in ended.said for path in tmp_path.iterdir())
    assert inventory.remove() == 0, "it leaves nothing behind"


@pytest.mark.parametrize(
    ("part", "fails"),
    [
        ("rollup", {"statuses never visible", "end to end p99"}),
        ("gateway", {"failed, of everything", "statuses acknowledged"}),
    ],
)
def test_a_part_that_stands_still_fails_it(
    part: str, fails: set[str], run_file: Path, inventory: Inventory, tmp_path: Path
) -> None:
    with standing_still(run_file, part):
        ended = load(run_file, tmp_path, LOAD_KEEP="true")
    assert ended.status == 1, ended.said
    assert fails <= ended.failed_marks
    assert "FAILED" in ended.said
    assert inventory.remove() == len(Fleet(CHARGERS).stations), "they were to be kept"


def test_the_fleet_is_created_and_removed_as_often_as_one_likes(inventory: Inventory) -> None:
    for size in (5, 9, 5):
        inventory.create(Fleet(size))
    assert inventory.remove() == len(Fleet(9).stations)
    assert inventory.remove() == 0


def test_one_that_cannot_begin_says_why_and_has_not_failed_any_mark(run_file: Path, tmp_path: Path) -> None:
    ended = load(run_file, tmp_path, LOAD_ADMIN_TOKEN="wrong")
    assert ended.status == 2, ended.said
    assert "could not be run: POST /v1/import: HTTP Error 401" in ended.said
    assert list(tmp_path.iterdir()) == []
