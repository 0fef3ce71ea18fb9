"""CPU of a process and its children."""

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loadtest.servers import cpu

BURNT_S = 0.2
NEARLY_S = BURNT_S - 3 * cpu.TICK_S  #: the kernel counts in ticks, and cuts
BURN = f"import time\nwhile time.process_time() < {BURNT_S}: pass\nprint(flush=True)\n"


@pytest.mark.parametrize("opened", [False, True])
def test_a_child_that_ends_while_this_looks_is_no_error(monkeypatch: pytest.MonkeyPatch, opened: bool) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    read = Path.read_text

    def ends_first(path: Path, *given: str, **named: str) -> str:
        if not path.match(f"/proc/{child.pid}/stat"):
            return read(path, *given, **named)
        with path.open() as stat:
            child.communicate(b"\n")
            return stat.read() if opened else read(path, *given, **named)

    monkeypatch.setattr(Path, "read_text", ends_first)
    assert cpu.tree_cpu_s(os.getpid()) > 0
    assert child.returncode == 0
    assert cpu._or_nothing(child.pid) == 0


def test_what_a_process_used_counts_and_so_do_a_child_that_runs_and_one_that_has_ended() -> None:
    counted = [cpu.tree_cpu_s(os.getpid())]
    until = time.process_time() + BURNT_S
    while time.process_time() < until:
        pass
    counted.append(cpu.tree_cpu_s(os.getpid()))
    with subprocess.Popen(
        [sys.executable, "-c", BURN + "input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        counted.append(cpu.tree_cpu_s(os.getpid()))
        child.communicate(b"\n")
    subprocess.run([sys.executable, "-c", BURN], check=True, stdout=subprocess.DEVNULL)
    counted.append(cpu.tree_cpu_s(os.getpid()))
    assert all(after - before >= NEARLY_S for before, after in itertools.pairwise(counted)), counted
