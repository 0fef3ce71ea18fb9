"""Options that make no load test end the process, and say why."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from loadtest.swarm.scenario.options import resolve

GIVEN = {
    "gateway": "ws://127.0.0.1:9000/ocpp",
    "api": "http://127.0.0.1:8000",
    "read_token": "ro",
    "read_token_file": "",
    "admin_token": "rw",
    "admin_token_file": "",
    "run_file": "no/such/run.json",
    "allow_remote": False,
    "dialects": "ocpp1.6,ocpp2.1",
    "chargers": 1,
    "readers": 0,
    "rate": 1.0,
    "seconds": 1.0,
}


def given(**more: Any) -> Namespace:
    return Namespace(**(GIVEN | more))


def test_a_token_is_read_from_the_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("ops:secret\n")
    options = given(admin_token="", admin_token_file=str(tmp_path / "token"))
    resolve(options)
    assert (options.admin_token, options.read_token) == ("ops:secret", "ro")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"api": "http://192.0.2.1:8000"}, "--allow-remote"),
        ({"gateway": "wss://plugwatch.example.org/ocpp"}, "--allow-remote"),
        ({"dialects": "ocpp1.6,ocpp1.5"}, "no such dialect: ocpp1.5"),
        ({"rate": 0.0}, "must be more than nothing"),
        ({"chargers": 0}, "must be more than nothing"),
        ({"readers": -1}, "must be more than nothing"),
        ({"admin_token": "", "admin_token_file": "no/such/file"}, "no/such/file"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        resolve(given(**wrong))
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
