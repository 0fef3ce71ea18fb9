"""The laptop's command is CI's command: what workflows run are make targets, and `.ci/run` runs the same."""

import re

import pytest

from tests.infra.tools import ROOT
from tests.infra.workflows.workflows import JOBS, Job, jobs, make_targets, steps

# It has no checkout to find a Makefile in, and is tested by being run.
WITHOUT_MAKE = {"ci:check"}
CALL = re.compile(r"(sudo )?make [a-z][a-z0-9-]*( [A-Z_]+=(\S+|\"[^\"]*\"))*( >> \"\$GITHUB_OUTPUT\")?")

# What needs more than a clean machine with Python, Java, Node.js and Go.
ONLY_ON_GITHUB = {
    "test-services": "pulls images",
    "smoke-image": "pulls images",
    "test-compose": "pulls images",
    "kind-up": "pulls images, and kind and kubectl",
}


def of_ci() -> set[str]:
    return {target for name in ("ci", "build") for job in jobs(name).values() for target in job.targets}


@pytest.mark.parametrize("job", [job for job in JOBS if job.runs and str(job) not in WITHOUT_MAKE], ids=str)
def test_a_job_runs_make_targets_and_nothing_else(job: Job) -> None:
    for run in job.runs:
        assert CALL.fullmatch(run), f"{job} runs {run!r}"
    assert job.targets <= make_targets()


def targets(script: str) -> set[str]:
    return {step.split()[0] for step in steps(script)}


def test_ci_run_calls_what_the_workflow_calls() -> None:
    assert targets("run") == of_ci() - ONLY_ON_GITHUB.keys()


def test_ci_nightly_calls_what_its_workflow_calls() -> None:
    of_nightly = {target for job in jobs("nightly").values() for target in job.targets}
    assert targets("nightly") <= of_nightly <= targets("run") | targets("nightly")


def test_what_only_github_can_run_is_run_there() -> None:
    assert ONLY_ON_GITHUB.keys() <= of_ci()


def test_every_target_of_a_release_is_called() -> None:
    release = {target for job in jobs("release").values() for target in job.targets}
    defined = set(re.findall(r"^([a-z-]+):(?!=)", (ROOT / ".github/release.mk").read_text(), re.M))
    assert defined - release == {"bump-production"}  # which propose-production calls
