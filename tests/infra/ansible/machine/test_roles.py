"""The playbook from an empty machine to a prepared one, and again: what it foretells, changes and leaves alone."""

import json

import pytest

from tests.infra.ansible.machine.conftest import Preparation, default
from tests.infra.ansible.machine.control import Control, Run
from tests.infra.ansible.machine.github import GitHub
from tests.infra.ansible.machine.machine import Machine


def test_check_mode_without_the_apt_bindings_says_so_and_ends_well(prepared: Preparation) -> None:
    assert prepared.bare_check.status == 0, prepared.bare_check
    assert "Nothing more can be foretold, python3-apt is not here." in prepared.bare_check.text


def test_check_mode_on_an_empty_machine_foretells_and_touches_nothing(prepared: Preparation) -> None:
    assert prepared.check.status == 0, prepared.check
    assert prepared.check.recap["changed"] > 5
    assert "+URIs: http://127.0.0.1" in prepared.check.text
    assert prepared.untouched[0] == prepared.untouched[1]


def test_the_first_run_changes_and_the_second_does_not(prepared: Preparation) -> None:
    assert prepared.first.status == 0, prepared.first
    assert prepared.first.recap["changed"] > 15
    assert prepared.second.status == 0, prepared.second
    assert prepared.second.recap["changed"] == 0, [
        line for line in prepared.second.text.splitlines() if line.startswith("changed:")
    ]


def test_check_mode_afterwards_has_nothing_to_foretell(prepared: Preparation) -> None:
    assert prepared.check_after.status == 0, prepared.check_after
    assert prepared.check_after.recap["changed"] == 0


def test_docker_runs_by_the_configuration_and_comes_back_after_a_reboot(
    prepared: Preparation, machine: Machine
) -> None:
    assert machine.sh("systemctl is-active docker; systemctl is-enabled docker").split() == ["active", "enabled"]
    assert json.loads(machine.sh("cat /etc/docker/daemon.json"))["live-restore"] is True
    assert "docker.asc" in machine.sh("cat /etc/apt/sources.list.d/docker.sources")
    assert "5:29.0.0~stub" in machine.sh("dpkg-query -W docker-ce")


def test_the_pinned_programs_run(prepared: Preparation, machine: Machine) -> None:
    assert machine.sh("kubectl; helm").splitlines() == [
        f"kubectl {default('kubectl', 'kubectl_version')}",
        f"helm {default('helm', 'helm_version')}",
    ]


def test_the_runner_works_for_its_user_with_its_labels(prepared: Preparation, machine: Machine, github: GitHub) -> None:
    runner = github.runners["ci-1"]
    assert (runner.status, runner.labels) == ("online", ["plugwatch"])
    assert machine.sh("systemctl is-enabled github-runner@ci-1").strip() == "enabled"
    assert machine.sh("ps -o user:20= -C python3").split() == ["github-runner"]
    assert machine.sh("id -nG github-runner").split() == ["github-runner", "docker"]
    arguments = machine.sh("cat /var/lib/github-runner/runners/ci-1/.arguments")
    assert "--unattended" in arguments
    assert "--replace" not in arguments


@pytest.fixture(scope="module")
def mended(prepared: Preparation, machine: Machine, control: Control) -> Run:
    """A run over programs that were tampered with, and with an older Docker asked for."""
    machine.sh("echo evil >> /usr/local/bin/helm; echo evil >> /usr/local/bin/kubectl")
    run = control.play("--tags", "docker,kubectl,helm", docker_version="5:28.*")
    assert run.status == 0, run
    return run


def test_a_program_that_was_tampered_with_is_put_right(mended: Run, machine: Machine) -> None:
    assert mended.recap["changed"] == 3
    assert "evil" not in machine.sh("cat /usr/local/bin/helm /usr/local/bin/kubectl")


def test_docker_goes_back_to_a_pinned_version(mended: Run, machine: Machine) -> None:
    assert set(machine.sh("dpkg-query -W -f '${Version}\\n' docker-ce docker-ce-cli").split()) == {"5:28.1.0~stub"}


def test_a_download_with_another_hash_is_refused(prepared: Preparation, machine: Machine, control: Control) -> None:
    machine.sh("rm /usr/local/bin/kubectl")
    run = control.play("--tags", "kubectl", kubectl_sha256={"amd64": "0" * 64})
    assert run.status != 0
    assert "did not match" in run.text
    assert "No such file" in machine.sh("ls /usr/local/bin/kubectl")
