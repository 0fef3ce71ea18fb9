"""The command line: what it refuses, and with which exit code."""

from pathlib import Path

import pytest

import healthcheck
from healthcheck import IMPOSSIBLE


@pytest.mark.parametrize(
    "argv",
    [
        ["--nonsense"],
        ["--compose", "--kubernetes"],
        ["--wait", "--watch"],
        ["--wait", "0"],
        ["--wait", "soon"],
        ["--timeout", "nan"],
        ["--deadline", "-1"],
        ["--api", "api.example.org"],
        ["--api", "ws://127.0.0.1:9000/ocpp"],
        ["--api", "http://127.0.0.1:notaport"],
        ["--api", "http://127.0.0.1:70000"],
        ["--api", "http://[::1"],
        ["--api", "http://"],
        ["--api", "http://ü.example/"],
        ["--api", "http://a b/"],
        ["--gateway", "http://127.0.0.1:9000/ocpp"],
        ["--token-file", "/nonexistent"],
        ["--token-file", "/"],
        ["--compose-command", "'"],
        ["--kubectl", ""],
    ],
)
def test_a_wrong_argument_is_said_and_ends_with_3(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        healthcheck.arguments(argv)
    assert ended.value.code == IMPOSSIBLE
    said = capsys.readouterr().err
    assert said.startswith("healthcheck.py: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("url", ["http://user:s3cret@h/", "http://h/?token=s3cret", "http://h/#s3cret"])
def test_a_secret_in_a_url_is_refused_and_not_repeated(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        healthcheck.arguments(["--api", url])
    said = capsys.readouterr().err
    assert "no place for secrets" in said
    assert "s3cret" not in said


def test_urls_lose_their_last_slash() -> None:
    given = healthcheck.arguments(
        ["--api", "https://api.example.org/plugwatch/", "--gateway", "wss://[::1]:9000/ocpp/"]
    )
    assert (given.api, given.gateway) == ("https://api.example.org/plugwatch", "wss://[::1]:9000/ocpp")


def test_the_first_of_several_tokens_in_a_file_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("ops:one, two\nthree\n")
    assert healthcheck.arguments(["--token-file", str(file)]).token_file == "ops:one"


def test_a_password_is_all_of_its_line(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("a, b: ç \n")
    assert healthcheck.arguments(["--password-file", str(file)]).password_file == "a, b: ç "


def test_a_file_without_a_token_that_can_be_sent_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    for content in ("", "\n", "tökén\n", "a\x00b"):
        file.write_text(content)
        with pytest.raises(SystemExit):
            healthcheck.arguments(["--token-file", str(file)])


def test_help_has_examples_exit_codes_and_the_meaning_of_each_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        healthcheck.arguments(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for words in ("examples", "exit codes", "degraded ", "unhealthy ", "as which charger", "--register"):
        assert words in said
    assert max(map(len, said.splitlines())) <= 120
