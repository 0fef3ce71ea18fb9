"""`.plugwatch/`: one run at a time, and secrets for the owner alone."""

import json
from pathlib import Path

import pytest

from local.process import StartFailure
from local.system.home import Home


def test_a_second_run_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    with Home(tmp_path).held(), pytest.raises(StartFailure, match="already runs"), Home(tmp_path).held():
        pass
    with Home(tmp_path).held():
        pass


def test_tokens_are_kept_differ_and_are_private(tmp_path: Path) -> None:
    read, admin = Home(tmp_path).token("read_token"), Home(tmp_path).token("admin_token")
    assert Home(tmp_path).token("read_token") == read != admin
    assert (tmp_path / "read_token").stat().st_mode & 0o777 == 0o600


def test_the_run_file_is_private_and_goes_with_the_run(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.held():
        home.write_run({"api": "http://127.0.0.1:8000"})
        assert json.loads(home.run_file.read_text()) == {"api": "http://127.0.0.1:8000"}
        assert home.run_file.stat().st_mode & 0o777 == 0o600
    assert not home.run_file.exists()


def test_the_run_file_of_a_killed_run_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    with Home(tmp_path).held():
        assert not (tmp_path / "run.json").exists()
