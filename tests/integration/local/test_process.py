"""A child process: ready when it says so, and what is said when it is not."""

import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.process import Process, StartFailure, stop_all


def python(code: str, tmp_path: Path, **more: float) -> Process:
    return Process("child", [sys.executable, "-c", code], tmp_path / "child.log", **more)  # type: ignore[arg-type]


class Never(Process):
    def answers(self) -> bool:
        return False


def test_a_process_that_dies_early_is_quoted(tmp_path: Path) -> None:
    code = "raise SystemExit('no such plug')"
    child = Never("child", [sys.executable, "-c", code], tmp_path / "child.log")
    with pytest.raises(StartFailure, match=r"(?s)child ended with status 1.*no such plug"):
        child.start()


def test_a_process_that_is_never_ready_is_quoted_and_not_left_behind(tmp_path: Path) -> None:
    code = "import time; print('thinking', flush=True); time.sleep(60)"
    child = Never("child", [sys.executable, "-c", code], tmp_path / "child.log", ready_within_s=0.5)
    with pytest.raises(StartFailure, match=r"(?s)not ready within 0.5 s.*thinking"), child:
        pass
    assert not child.alive


def test_a_command_that_does_not_exist_says_so(tmp_path: Path) -> None:
    child = Process("child", ["/no/such/program"], tmp_path / "child.log")
    with pytest.raises(StartFailure, match="/no/such/program"):
        child.run()


def test_stop_kills_what_ignores_the_signal_at_the_deadline(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    child = python(code, tmp_path)
    child.spawn()
    while "deaf" not in child.log.read_text():
        time.sleep(0.02)
    began = time.monotonic()
    child.stop(timeout_s=0.3)
    assert 0.3 <= time.monotonic() - began < 2
    assert child.status == -signal.SIGKILL


def test_a_paused_process_can_be_stopped(tmp_path: Path) -> None:
    child = python("import time; time.sleep(60)", tmp_path)
    child.spawn()
    child.pause()
    child.stop(timeout_s=5)
    assert child.status == -signal.SIGTERM


def test_stopping_several_takes_as_long_as_the_slowest(tmp_path: Path) -> None:
    children = [python("import time; time.sleep(60)", tmp_path) for _ in range(3)]
    for child in children:
        child.spawn()
    stop_all(children, timeout_s=5)
    assert [child.status for child in children] == [-signal.SIGTERM] * 3


def test_a_process_is_refused_to_threads_that_would_take_it_along(tmp_path: Path) -> None:
    child = python("pass", tmp_path)
    with ThreadPoolExecutor(1) as thread, pytest.raises(RuntimeError, match="main thread"):
        thread.submit(child.spawn).result()
