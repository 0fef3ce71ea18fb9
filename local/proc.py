"""What the kernel knows of processes, by /proc."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def runs(pid: int) -> bool:
    """Whether there is such a process, other than a zombie that waits for its parent."""
    with suppress(OSError):
        return not Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    return False


def kept_waiting_s(pid: int) -> float:
    """For how long its first thread was kept from running, while other threads had the cores, since it began."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def descendants(pid: int) -> Iterator[int]:
    """The children of `pid`, theirs, and so on."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    generation = {pid}
    while generation := {child for child, parent in parents.items() if parent in generation}:
        yield from generation
