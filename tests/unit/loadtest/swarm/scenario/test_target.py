"""Which system is loaded, and which is not."""

import json
from pathlib import Path

import pytest

from loadtest.swarm.scenario.target import NoTarget, Target, find, token_of

RUN = {
    "gateway": "ws://127.0.0.1:9001/ocpp",
    "api": "http://127.0.0.1:8001",
    "read_token": "ro",
    "admin_token": "rw",
    "pids": {},
}


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(RUN))
    return path


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    (tmp_path / "read_token").write_text("reader\n")
    (tmp_path / "admin_token").write_text("ops:admin\nnight-shift:other\n")
    return tmp_path


def test_a_system_that_runs_here_is_found(run_file: Path, secrets: Path) -> None:
    target = find({}, run_file, secrets, allow_remote=False)
    assert target == Target("ws://127.0.0.1:9001/ocpp", "http://127.0.0.1:8001", "ro", "rw")


def test_else_the_containers_are_with_the_tokens_from_their_secrets(tmp_path: Path, secrets: Path) -> None:
    target = find({}, tmp_path / "no-run.json", secrets, allow_remote=False)
    assert target == Target("ws://127.0.0.1:9000/ocpp", "http://127.0.0.1:8000", "reader", "ops:admin")


def test_what_is_given_wins(run_file: Path, tmp_path: Path) -> None:
    given = {"api": "http://127.0.0.1:7000", "read_token": ""}
    target = find(given, run_file, tmp_path, allow_remote=False)
    assert (target.api, target.read_token) == ("http://127.0.0.1:7000", "ro")


def test_nothing_to_load_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoTarget, match=r"make run.*LOAD_GATEWAY, LOAD_API, LOAD_READ_TOKEN, LOAD_ADMIN_TOKEN"):
        find({}, tmp_path / "run.json", tmp_path, allow_remote=False)


@pytest.mark.parametrize("door", ["gateway", "api"])
def test_another_machine_is_refused_unless_it_is_allowed(door: str, run_file: Path, tmp_path: Path) -> None:
    given = {door: "https://plugwatch.example.org"}
    with pytest.raises(NoTarget, match="--allow-remote"):
        find(given, run_file, tmp_path, allow_remote=False)
    assert getattr(find(given, run_file, tmp_path, allow_remote=True), door) == given[door]


@pytest.mark.parametrize(
    ("text", "token"),
    [("abc", "abc"), ("abc\n", "abc"), ("a,b", "a"), ("ops:abc,x:y", "ops:abc"), ("ops:abc\nd", "ops:abc")],
)
def test_the_first_token_is_presented_as_it_stands(text: str, token: str) -> None:
    assert token_of(text) == token
