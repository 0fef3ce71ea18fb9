"""CPU of a process and its children."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadtest.servers import cpu


def test_a_child_that_ends_while_this_looks_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    read = Path.read_text

    def ends_first(path: Path, *given: str, **named: str) -> str:
        if path.match(f"/proc/{child.pid}/stat"):
            child.communicate(b"\n")
        return read(path, *given, **named)

    monkeypatch.setattr(Path, "read_text", ends_first)
    assert cpu.tree_cpu_s(os.getpid()) > 0
    assert child.returncode == 0
