"""Where nothing was named, and nothing runs: what to do is said, and nothing else."""

import sys
from pathlib import Path

import pytest

import healthcheck
from healthcheck import Clock, Failure, Programs

WITHOUT_COMPOSE = (
    """print("unknown shorthand flag: 'f' in -f", "\\n\\nRun 'docker --help' for more information", file=sys.stderr)"""
)


def test_nothing_runs_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    docker = tmp_path / "docker"
    docker.write_text(f"#!{sys.executable}\nimport sys\n{WITHOUT_COMPOSE}\nsys.exit(1)\n")
    docker.chmod(0o755)
    given = healthcheck.arguments(["--compose-command", f"{docker} compose"])
    with Programs() as programs, pytest.raises(Failure, match=r"^nothing runs here: `make run` or `make up` ") as said:
        healthcheck.find(given, programs, Clock(20))
    assert "unknown shorthand flag: 'f' in -f" in str(said.value)
    assert "docker --help" not in str(said.value)
