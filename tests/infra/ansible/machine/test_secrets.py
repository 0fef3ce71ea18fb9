"""After all the runs: no token is in any output, log, list of processes or file, on either machine."""

import subprocess
from pathlib import Path

import pytest

from tests.infra.ansible.machine.conftest import Preparation
from tests.infra.ansible.machine.control import Control
from tests.infra.ansible.machine.github import GitHub
from tests.infra.ansible.machine.internet import Internet
from tests.infra.ansible.machine.machine import Machine


@pytest.fixture(scope="module")
def secrets(prepared: Preparation, github: GitHub) -> list[str]:
    assert len(github.secrets) >= 2, "nothing was ever registered"
    return github.secrets


def holders(directory: Path, secrets: list[str]) -> list[str]:
    """The files under `directory` that hold a secret."""
    found = subprocess.run(
        ["grep", "-rlaF", "--devices=skip", "-f", "-", directory],
        input="\n".join(secrets),
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode in (0, 1), found.stderr
    return found.stdout.splitlines()


def test_the_search_finds_a_secret(tmp_path: Path, secrets: list[str]) -> None:
    (tmp_path / "leak").write_text(f"x{secrets[-1]}y")
    assert holders(tmp_path, secrets) == [str(tmp_path / "leak")]


def test_no_file_of_the_machine_holds_a_token(machine: Machine, secrets: list[str]) -> None:
    machine.sh("journalctl --flush; journalctl > /var/log/journal.txt")
    assert "COMMAND" in (machine.root / "var/log/journal.txt").read_text(), "the journal should tell what sudo ran"
    assert holders(machine.root, secrets) == []


def test_no_output_or_log_of_ansible_holds_a_token(control: Control, secrets: list[str]) -> None:
    assert "PLAY RECAP" in (control.directory / "ansible.log").read_text()
    assert holders(control.directory, secrets) == []


def test_no_process_showed_a_token(internet: Internet, machine: Machine, secrets: list[str]) -> None:
    assert internet.seen == []
    seen = (machine.root / "var/lib/github-runner/runners/ci-1/.seen").read_text()
    assert "listener.py" in seen
    assert not [line for line in seen.splitlines() if any(secret in line for secret in secrets)]
