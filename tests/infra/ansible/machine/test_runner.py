"""One runner's life at GitHub: taken names, labels, upgrades, a job in the way, a bad token, removal.

Runs are dear, so one run does several things, and several tests look at it.
"""

from pathlib import Path

import pytest

from tests.infra.ansible.machine.conftest import Preparation
from tests.infra.ansible.machine.control import Control, Run
from tests.infra.ansible.machine.github import GitHub
from tests.infra.ansible.machine.machine import Machine
from tests.infra.ansible.machine.publishers import Publishers

HERE = "/var/lib/github-runner/runners"


def play(control: Control, github: GitHub, **variables: object) -> Run:
    """The role from where it comes to the runners themselves; `requests` are those of this run."""
    github.requests.clear()
    return control.play("--start-at-task", "github_runner : Find the runners that are here", **variables)


@pytest.fixture(scope="module")
def grown(prepared: Preparation, control: Control, github: GitHub, machine: Machine) -> Run:
    """A second runner, whose name an offline one bears, another label for both, and another unit than was there."""
    github.add("spare", status="offline", labels=["old"])
    machine.sh("echo '# by hand' >> /etc/systemd/system/github-runner@.service")
    github.requests.clear()
    run = control.play(
        *("--tags", "github_runner"),
        github_runner_names=["ci-1", "spare"],
        github_runner_labels=["plugwatch", "Big"],
    )
    assert run.status == 0, run
    return run


def test_a_runner_that_is_offline_is_replaced(grown: Run, github: GitHub, machine: Machine) -> None:
    assert "--replace" in machine.sh(f"cat {HERE}/spare/.arguments")
    assert github.requests.count("POST /registration-token") == 1


def test_labels_follow_without_a_new_registration(grown: Run, github: GitHub, machine: Machine) -> None:
    assert github.runners["ci-1"].labels == github.runners["spare"].labels == ["plugwatch", "Big"]
    assert len(machine.sh(f"cat {HERE}/ci-1/.arguments").splitlines()) == 1


def test_a_machine_holds_several_runners(grown: Run, github: GitHub, machine: Machine) -> None:
    assert [github.runners[name].status for name in ("ci-1", "spare")] == ["online", "online"]
    assert machine.sh("systemctl is-active github-runner@ci-1 github-runner@spare").split() == ["active", "active"]


def test_another_unit_restarts_the_runners(grown: Run, github: GitHub, machine: Machine) -> None:
    assert "by hand" not in machine.sh("systemctl cat github-runner@ci-1")
    assert github.requests.count("POST /stub/session") == 3, "ci-1 offline, ci-1 online, spare online"


@pytest.fixture(scope="module")
def shrunk(
    grown: Run, control: Control, github: GitHub, machine: Machine, published: tuple[Path, dict[str, object]]
) -> Run:
    """The second runner is no longer named; the first, at work, gets another version and labels spelled otherwise."""
    sha256 = Publishers(published[0]).runner("99.0.0")
    github.runners["ci-1"].busy_for = 3
    machine.sh(f"cd {HERE}/ci-1 && mv bin bin.2 && ln -s bin.2 bin")  # as it looks after it has renewed itself
    run = play(
        control,
        github,
        github_runner_version="99.0.0",
        github_runner_sha256={"x64": sha256},
        github_runner_labels=["big", "PLUGWATCH"],
    )
    assert run.status == 0, run
    return run


def test_a_name_that_is_no_longer_listed_leaves_github_and_the_disk(
    shrunk: Run, github: GitHub, machine: Machine
) -> None:
    assert "spare" not in github.runners
    assert machine.sh(f"ls {HERE}").split() == ["ci-1"]
    assert machine.sh("systemctl is-active github-runner@spare; systemctl is-enabled github-runner@spare").split() == [
        "inactive",
        "disabled",
    ]


def test_an_upgrade_waits_for_the_job(shrunk: Run, github: GitHub, machine: Machine) -> None:
    assert github.requests.count(f"GET /{github.runners['ci-1'].id}") == 3
    assert machine.sh(f"cd {HERE}/ci-1; cat .version; echo; ls -d bin*").split() == ["99.0.0", "bin"]


def test_an_upgrade_keeps_the_registration(shrunk: Run, github: GitHub) -> None:
    assert "POST /registration-token" not in github.requests
    assert github.runners["ci-1"].status == "online"


def test_labels_that_differ_only_in_case_are_left_alone(shrunk: Run, github: GitHub) -> None:
    assert not [request for request in github.requests if request.startswith("PUT")]


def test_a_job_that_does_not_end_is_not_cut_off(
    shrunk: Run, control: Control, github: GitHub, machine: Machine
) -> None:
    github.runners["ci-1"].busy_for = 1000
    run = play(control, github, github_runner_names=[], github_runner_idle_timeout_s=2)
    github.runners["ci-1"].busy_for = 0
    assert run.status != 0
    assert "ci-1 is at work for 2 s already." in run.text
    assert machine.sh("systemctl is-active github-runner@ci-1").strip() == "active"
    assert "ci-1" in github.runners


def test_a_runner_that_is_online_elsewhere_is_never_replaced(
    prepared: Preparation, control: Control, github: GitHub
) -> None:
    elsewhere = github.add("nightly", status="online")
    run = play(control, github, github_runner_names=["ci-1", "nightly"])
    assert run.status != 0
    assert "A runner named nightly is online at repos/plugwatch/plugwatch and was not registered from here." in run.text
    assert github.runners["nightly"] is elsewhere
    assert "POST /registration-token" not in github.requests


def test_a_wrong_token_is_named_and_not_shown(prepared: Preparation, control: Control, github: GitHub) -> None:
    run = play(control, github, vault_github_runner_pat="github_pat_mistyped")
    assert run.status != 0
    assert "said 401: Bad credentials" in run.text
    assert "vault_github_runner_pat" in run.text
    assert "github_pat_mistyped" not in run.text


def test_a_github_that_does_not_answer_is_named(prepared: Preparation, control: Control, github: GitHub) -> None:
    run = play(control, github, github_runner_api_url="http://127.0.0.1:9")
    assert run.status != 0
    assert "http://127.0.0.1:9/repos/plugwatch/plugwatch/actions/runners said -1" in run.text
    assert "Connection refused" in run.text


def test_without_a_token_nothing_is_asked(prepared: Preparation, control: Control, github: GitHub) -> None:
    github.requests.clear()
    run = control.play("--tags", "github_runner", vault_github_runner_pat="")
    assert run.status != 0
    assert "github_runner_pat in the vault" in run.text
    assert github.requests == []


def test_a_refused_registration_tells_why_without_the_token(
    prepared: Preparation, control: Control, github: GitHub
) -> None:
    del github.runners["ci-1"]
    github.distrusts_tokens = True
    run = play(control, github)
    github.distrusts_tokens = False
    assert run.status != 0
    assert "Http response code: NotFound, RemoteAuth ***" in run.text
    assert github.tokens[-1] not in run.text


def test_a_runner_that_stays_offline_fails_the_run(prepared: Preparation, control: Control, github: GitHub) -> None:
    github.runners.pop("ci-1", None)
    github.deaf = True
    run = play(control, github, github_runner_online_timeout_s=2)
    assert run.status != 0
    assert "journalctl -u github-runner@ci-1.service" in run.text
    github.deaf = False
    again = play(control, github)
    assert again.status == 0, again
    assert "POST /registration-token" not in github.requests, "it was registered anew, and only had to be heard"
    assert github.runners["ci-1"].status == "online"
