"""CPU and memory of processes, by /proc."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def tree_cpu_s(pid: int) -> float:
    """CPU seconds of a process and its children, those that ended included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) * TICK_S
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return cpu_s(pid) + ended + sum(map(_or_nothing, map(int, children)))


def _or_nothing(child: int) -> float:
    try:
        return tree_cpu_s(child)
    except (FileNotFoundError, ProcessLookupError):  # it ended just now; the next look has it in its parent's
        return 0.0


def resident_bytes(pid: int) -> int:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Meter:
    """CPU seconds from now on: of each process by name, children included, and of this one, the generator."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._before = self._read()
        self._began = time.perf_counter()

    def used_s(self) -> dict[str, float]:
        """By name."""
        return {name: now - self._before[name] for name, now in self._read().items()}

    @property
    def seconds(self) -> float:
        """That have gone by."""
        return time.perf_counter() - self._began

    def _read(self) -> dict[str, float]:
        return {**{name: tree_cpu_s(pid) for name, pid in self._pids.items()}, "generator": time.process_time()}
