"""What dies is started again, ever later, and given up when that does not help."""

import sys
from pathlib import Path

import pytest

from local.process import Process, StartFailure
from local.system.keeper import QUICK_S, Keeper


def sleeper(tmp_path: Path) -> Process:
    process = Process("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "sleeper.log")
    process.spawn()
    return process


def test_a_killed_process_is_started_again_at_once_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    process = sleeper(tmp_path)
    keeper = Keeper([process], said.append, now=0.0)
    assert not keeper.tend(now=1.0)
    killed = process.pid
    process.kill()
    assert keeper.tend(now=2.0)
    assert process.alive
    assert process.pid != killed
    assert said == ["sleeper was killed by SIGKILL; starting it again"]
    process.kill()


def test_the_second_quick_death_makes_it_wait(tmp_path: Path) -> None:
    process = sleeper(tmp_path)
    keeper = Keeper([process], lambda _: None, now=0.0)
    process.kill()
    assert keeper.tend(now=1.0)
    process.kill()
    assert not keeper.tend(now=1.5)
    assert not keeper.tend(now=1.6)
    assert keeper.tend(now=1.8)
    process.kill()


def test_five_quick_deaths_are_the_end_of_it(tmp_path: Path) -> None:
    process = sleeper(tmp_path)
    keeper = Keeper([process], lambda _: None, now=0.0)
    now = 0.0
    for _ in range(4):
        process.kill()
        while not keeper.tend(now):
            now += 0.1
    process.kill()
    with pytest.raises(StartFailure, match="sleeper dies again and again"):
        keeper.tend(now)


def test_deaths_far_apart_never_end_it(tmp_path: Path) -> None:
    process = sleeper(tmp_path)
    keeper = Keeper([process], lambda _: None, now=0.0)
    for death in range(1, 8):
        process.kill()
        assert keeper.tend(now=death * (QUICK_S + 1))
    process.kill()
