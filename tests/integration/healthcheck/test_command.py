"""The command itself: alone, interrupted, on a terminal, with nothing to check, with rubbish to read."""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.proc import descendants, runs
from tests.integration.healthcheck.checked import HEALTHCHECK, WITHIN_S, System, check, command


def test_the_file_alone_is_enough(system: System, tmp_path: Path) -> None:
    copy = shutil.copy(HEALTHCHECK, tmp_path / "anything")
    done = subprocess.run([copy, "--run", system.file, "-q"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_finds_what_runs_here(system: System, tmp_path: Path) -> None:
    (tmp_path / ".plugwatch").mkdir()
    (tmp_path / ".plugwatch" / "run.json").write_text(system.file.read_text())
    checked = check("--json", directory=tmp_path)
    assert (checked.code, checked.report["place"]) == (0, "make run, .plugwatch/run.json")


def test_where_nothing_is_it_says_what_to_give(tmp_path: Path) -> None:
    checked = check(directory=tmp_path)
    assert (checked.code, checked.out) == (3, "")
    for words in ("nothing runs here", "make run", "make up", "--compose", "--kubernetes", "--api URL"):
        assert words in checked.err


@pytest.mark.parametrize(
    "content", ["", "no JSON", "[]", "{}", '{"api": 3}', '{"api": "http://127.0.0.1:9", "gateway": "gopher://x"}']
)
def test_a_run_file_that_is_none_is_no_verdict(content: str, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(content)
    checked = check("--run", file)
    assert (checked.code, checked.out) == (3, "")
    assert "is not what `make run` writes" in checked.err


def test_a_program_that_is_not_there_is_no_verdict(tmp_path: Path) -> None:
    checked = check("--kubernetes", "--kubectl", "/no/such/kubectl")
    assert (checked.code, checked.err) == (
        3,
        "healthcheck.py: /no/such/kubectl cannot be run: No such file or directory\n",
    )
    assert check("--run", tmp_path / "absent").code == 3


def test_a_run_that_was_killed_is_unhealthy(system: System, tmp_path: Path) -> None:
    told = system.told
    gone = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, text=True, check=True)
    told["pids"] = dict.fromkeys(told["pids"], int(gone.stdout))
    for name in ("api", "gateway_admin", "rollup_admin"):
        told[name] = "http://127.0.0.1:9"
    told["gateway"] = "ws://127.0.0.1:9/ocpp"
    file = tmp_path / "run.json"
    file.write_text(json.dumps(told))
    checked = check("--run", file, "--json")
    assert checked.code == 2
    assert checked.check("state", "postgres")["detail"] == f"process {gone.stdout.strip()} is gone"
    assert checked.check("websocket", "ocpp1.6")["detail"] == "a charger gets nowhere: nobody listens there"


def test_waiting_ends_when_the_time_is_up(tmp_path: Path) -> None:
    began = time.monotonic()
    checked = check("--run", tmp_path / "absent", "--wait", "1.5")
    assert checked.code == 3
    assert 1.5 <= time.monotonic() - began < 10
    assert checked.err.count("`make run` writes it") == 2  # once as progress, once at the end
    assert checked.err.endswith("not well after 2 s\n")


def test_waiting_sees_a_system_come(system: System, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    arguments = command("--run", file, "--json", "--wait", "60")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        assert "`make run` writes it" in waiting.stderr.readline()
        shutil.copy(system.file, tmp_path / "new")
        (tmp_path / "new").rename(file)
        out, _ = waiting.communicate(timeout=WITHIN_S)
    assert (waiting.returncode, json.loads(out)["verdict"]) == (0, "ok")


def test_watching_goes_on_until_interrupted_and_then_ends_without_a_word(system: System) -> None:
    arguments = command("--run", system.file, "--json", "--watch", "0.2")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        for _ in range(3):
            assert json.loads(watching.stdout.readline())["verdict"] == "ok"
        watching.send_signal(signal.SIGINT)
        _, err = watching.communicate(timeout=WITHIN_S)
    assert (watching.returncode, err) == (130, "")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_leaves_no_program_behind(number: int, code: int, tmp_path: Path) -> None:
    arguments = command("--kubernetes", "--kubectl", "sh -c 'sleep 600'", "--timeout", "600", "--deadline", "600")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as checking:
        deadline = time.monotonic() + 10
        while not (children := list(descendants(checking.pid))):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        checking.send_signal(number)
        out, err = checking.communicate(timeout=WITHIN_S)
    assert (checking.returncode, out, err) == (code, "", "")
    while [child for child in children if runs(child)]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_reader_that_has_seen_enough_is_no_error(system: System) -> None:
    arguments = command("--run", system.file, "--json", "--watch", "0.1")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        watching.stdout.readline()
        watching.stdout.close()
        assert watching.stderr is not None
        assert watching.stderr.read() == ""


def on_a_terminal(system: System, **environment: str) -> str:
    """What a check writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command("--run", system.file, environment=environment), stdout=theirs, stderr=subprocess.PIPE
    ):
        os.close(theirs)
        written = b""
        while select.select([ours], [], [], WITHIN_S)[0]:
            try:
                written += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
    os.close(ours)
    return written.decode()


def test_colours_are_for_terminals_and_not_for_those_who_want_none(system: System) -> None:
    assert "\x1b[32mok" in on_a_terminal(system, TERM="xterm")
    assert "\x1b" not in on_a_terminal(system, TERM="xterm", NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(system, TERM="dumb")
    assert "\x1b" not in check("--run", system.file, environment={"TERM": "xterm"}).out


def test_an_output_that_knows_no_arrows_gets_none(system: System) -> None:
    bare = ["env", "PYTHONIOENCODING=ascii", sys.executable, str(HEALTHCHECK), "--run", str(system.file)]
    done = subprocess.run(bare, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
