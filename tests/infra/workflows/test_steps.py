"""`.ci/steps`: what failed runs once more and is told at the end by name; docs/checks.md knows every step of CI."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.tools import ROOT, output
from tests.infra.workflows.workflows import jobs, steps

NAME = "tests/unit/test_one.py::test_sometimes"
# Fails so often as the file `failures` has lines; the first failure leaves a name behind, as pytest does.
MAKE = f"""#!/bin/sh
echo "$@" >> made
test -s failures || exit 0
sed -i 1d failures
mkdir -p .pytest_cache/v/cache && echo '{{"{NAME}": true}}' > .pytest_cache/v/cache/lastfailed
exit 2
"""
CHECKS = (ROOT / "docs/checks.md").read_text()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/steps", tmp_path / ".ci/steps")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    (tmp_path / "make").write_text(MAKE)
    (tmp_path / "make").chmod(0o755)
    return tmp_path


def run(clone: Path, *lines: str, failures: int) -> "subprocess.CompletedProcess[str]":
    (clone / "failures").write_text("x\n" * failures)
    script = "\n".join(("set -euo pipefail", ". .ci/steps", *lines))
    path = f"{clone}:/usr/bin:/bin"
    command = ["env", f"PATH={path}", "bash", "-c", script]
    return subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False, timeout=30)


def test_what_fails_once_passes_and_is_named_at_the_end(clone: Path) -> None:
    done = run(clone, "tested test BROKER=kafka ARGS=tests/e2e", "step check", failures=1)
    assert done.returncode == 0, done.stderr
    made = (clone / "made").read_text().splitlines()
    assert made == [
        "test BROKER=kafka ARGS=tests/e2e",
        "test BROKER=kafka ARGS=tests/e2e JOBS=0 ARGS=--last-failed",
        "check",
    ]
    assert f"RAN TWICE, for they failed at first: they depend on time and are to be mended\n   {NAME}" in done.stdout
    assert re.search(r"== how long it took\n +\d+ s  make test BROKER=kafka", done.stdout)


def test_what_fails_twice_has_failed(clone: Path) -> None:
    done = run(clone, "tested test", "step check", failures=2)
    assert done.returncode == 1
    assert "== FAILED: make test JOBS=0 ARGS=--last-failed" in done.stdout
    assert "check" not in (clone / "made").read_text()


def test_a_step_that_is_no_test_fails_at_once(clone: Path) -> None:
    done = run(clone, "step check", failures=1)
    assert done.returncode == 1
    assert (clone / "made").read_text().splitlines() == ["check"]


def test_of_a_night_no_step_stops_another(clone: Path) -> None:
    done = run(clone, "set +e", "step bench", "step check", failures=1)
    assert done.returncode == 1
    assert (clone / "made").read_text().splitlines() == ["bench", "check"]
    assert "== FAILED: make bench" in done.stdout


def test_the_scripts_are_clean() -> None:
    scripts = [ROOT / ".ci" / name for name in ("run", "nightly", "steps")]
    output("shellcheck", "--external-sources", *scripts, ROOT / "tests/infra/fetch-programs")


@pytest.mark.parametrize("script", ["run", "nightly"])
def test_every_step_is_in_the_table_of_checks_at_its_place(script: str) -> None:
    table = re.findall(r"^\| `make (.+?)` \| (.+?) \|", CHECKS, re.M)
    there = [words for words, where in table if f"`.ci/{script}`" in where]
    assert there == [re.sub(r" ARGS=.*", "", step) for step in steps(script)]


def test_every_job_of_the_workflows_is_in_the_table_of_checks() -> None:
    made = {target for name in ("ci", "nightly", "build") for job in jobs(name).values() for target in job.targets}
    assert made <= set(re.findall(r"^\| `make ([a-z0-9-]+)", CHECKS, re.M))


def test_the_readme_shows_how_the_night_was() -> None:
    assert "actions/workflows/nightly.yml/badge.svg" in (ROOT / "README.md").read_text()


def test_make_lists_every_command_under_who_asks() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout
    groups = re.findall(r"^for (\w+):$", listed, re.M)
    assert groups == ["users", "operators", "contributors"]
    told = re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.M)
    assert sorted(re.findall(r"^  make ([a-z0-9-]+)", listed, re.M)) == sorted(told)
