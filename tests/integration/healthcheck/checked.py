"""healthcheck.py as an operator runs it: alone, by a bare Python, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from local.proc import descendants

HEALTHCHECK = Path(__file__).parents[3] / "healthcheck.py"
BARE = [sys.executable, "-I", "-S", str(HEALTHCHECK)]
UNSET = [
    "NO_COLOR",
    *(f"PLUGWATCH_{name}_TOKEN{file}" for name in ("READ", "ADMIN", "METRICS") for file in ("", "_FILE")),
]
WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Checked:
    """How one check ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.out)
        return told

    @property
    def states(self) -> dict[str, str]:
        """The state of each check, by `check subject`."""
        return {f"{one['check']} {one['subject']}": one["state"] for one in self.report["checks"]}

    def check(self, check: str, subject: str) -> dict[str, Any]:
        (found,) = [one for one in self.report["checks"] if (one["check"], one["subject"]) == (check, subject)]
        return dict(found)


class System:
    """What run.json says, asked anew each time."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.file.read_text())
        return told

    @property
    def urls(self) -> list[str]:
        """Arguments that name it by its URLs."""
        told = self.told
        names = ("api", "gateway", "gateway_admin", "rollup_admin")
        return [word for name in names for word in (f"--{name.replace('_', '-')}", told[name])]

    @property
    def secrets(self) -> list[str]:
        return [self.told[f"{name}_token"] for name in ("read", "admin", "metrics")]

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """A process that answers nothing, with all its children; its connections stay open."""
        pid = self.told["pids"][name]
        family = [pid, *descendants(pid)]
        for one in family:
            os.kill(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in family:
                os.kill(one, signal.SIGCONT)


def command(*arguments: str | Path, environment: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """The check with these variables and none that would change it."""
    unset = [f"--unset={name}" for name in UNSET if name not in environment]
    settings = [f"{name}={value}" for name, value in environment.items()]
    return ["env", *unset, *settings, *BARE, *map(str, arguments)]


def check(
    *arguments: str | Path, directory: Path | None = None, environment: Mapping[str, str] = MappingProxyType({})
) -> Checked:
    """One check to its end."""
    done = subprocess.run(
        command(*arguments, environment=environment),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Checked(done.returncode, done.stdout, done.stderr)
