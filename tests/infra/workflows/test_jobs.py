"""Rules that every job of every workflow keeps, and the gate behind which all of CI stands."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.infra.workflows.workflows import ACTIONS, FILES, JOBS, WORKFLOWS, Job, jobs, used

GATE = jobs("ci")["check"]
OTHERS = sorted(set(jobs("ci")) - {"check"})
LONGEST_MINUTES = {"nightly": 90}
OF_THIS_REPOSITORY = "$/"
PIN = re.compile(r"[\w.-]+/[\w./-]+@(?P<sha>[0-9a-f]{40})")

every_job = pytest.mark.parametrize("job", JOBS, ids=str)
every_own_job = pytest.mark.parametrize("job", [job for job in JOBS if job.steps], ids=str)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_do_nothing(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}


@every_job
def test_a_job_says_what_it_may_do(job: Job) -> None:
    assert "permissions" in job.body


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_permission_has_its_reason_beside_it(path: Path) -> None:
    assert re.findall(r"^ +[a-z-]+: (?:read|write)$", path.read_text(), re.M) == []


def test_only_a_release_may_write() -> None:
    writers = {job.workflow for job in JOBS if "write" in job.body["permissions"].values()}
    assert writers == {"release"}


def test_what_builds_the_images_never_holds_a_token_that_writes() -> None:
    builders = [job for job in JOBS if any("build-push-action" in step.get("uses", "") for step in job.steps)]
    assert builders
    for job in builders:
        assert job.body["permissions"] == {"contents": "read"}


@every_own_job
def test_a_job_ends(job: Job) -> None:
    assert 0 < job.body["timeout-minutes"] <= LONGEST_MINUTES.get(job.workflow, 60)


@every_own_job
def test_a_job_runs_on_a_named_version(job: Job) -> None:
    assert re.fullmatch(r"ubuntu-\d\d\.\d\d(-arm)?", job.body["runs-on"])


@every_own_job
def test_a_checkout_leaves_no_credentials(job: Job) -> None:
    for step in job.steps:
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


@every_own_job
def test_nothing_that_others_can_name_is_pasted_into_a_script(job: Job) -> None:
    for run in job.runs:
        assert "${{" not in run


def test_no_workflow_runs_others_code_with_our_rights() -> None:
    for name, workflow in WORKFLOWS.items():
        assert not {"pull_request_target", "workflow_run"} & set(workflow["on"]), name


def test_only_pull_requests_are_cancelled() -> None:
    assert WORKFLOWS["ci"]["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"
    assert "github.event.pull_request.number || github.run_id" in WORKFLOWS["ci"]["concurrency"]["group"]
    assert WORKFLOWS["release"]["concurrency"]["cancel-in-progress"] is False


def test_each_action_is_pinned_to_one_commit_with_its_version_beside_it() -> None:
    pins: dict[str, set[tuple[str, str | None]]] = {}
    for file, what, version in used():
        if what.startswith(OF_THIS_REPOSITORY):
            continue
        pin = PIN.fullmatch(what)
        assert pin, f"{file}: {what} is not pinned to a commit"
        assert version, f"{file}: {what} does not say its version"
        pins.setdefault(what.partition("@")[0], set()).add((pin["sha"], version))
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


def test_actions_of_this_repository_exist() -> None:
    known = {f"$/.github/actions/{path.parent.name}" for path in ACTIONS}
    known |= {f"$/.github/workflows/{path.name}" for path in FILES}
    assert {what for _, what, _ in used() if what.startswith(OF_THIS_REPOSITORY)} <= known


def test_the_gate_needs_every_other_job() -> None:
    assert sorted(GATE.body["needs"]) == OTHERS
    assert GATE.body["if"] == "${{ always() }}"


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
@pytest.mark.parametrize("name", OTHERS)
def test_the_gate_is_shut_by_one_job_that_did_not_succeed(name: str, result: str) -> None:
    assert gate({**dict.fromkeys(OTHERS, "success"), name: result}) != 0


def test_the_gate_opens_when_all_have_succeeded() -> None:
    assert gate(dict.fromkeys(OTHERS, "success")) == 0


def gate(results: dict[str, str]) -> int:
    """The exit code of the gate's own script."""
    needs = {name: {"result": result, "outputs": {}} for name, result in results.items()}
    (script,) = GATE.runs
    command = ["env", f"RESULTS={json.dumps(needs)}", "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, capture_output=True, check=False, timeout=10).returncode
