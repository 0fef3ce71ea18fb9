"""The whole system as one command starts it, and where its parts are."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 90.0
STOPPED_WITHIN_S = 10.0


class System:
    """What `run.json` says of a running system."""

    def __init__(self, run_file: Path) -> None:
        self._run_file = run_file
        told = self._read()
        self.api: str = told["api"]
        self.gateway: str = told["gateway"]
        self.admin_token: str = told["admin_token"]
        self.database_url: str = told["database_url"]

    @property
    def pids(self) -> dict[str, int]:
        """The processes as they are now; one that was killed is started again under another id."""
        pids: dict[str, int] = self._read()["pids"]
        return pids

    def _read(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self._run_file.read_text())
        return told


@contextmanager
def running(directory: Path, **settings: str) -> Iterator[System]:
    """A system of its own in `directory`, with `PLUGWATCH_*` settings and the broker that `BROKER` says.

    All of it is gone afterwards.
    """
    run_file, log = directory / "run.json", directory / "run.log"
    settings_set = [f"PLUGWATCH_{name}={value}" for name, value in settings.items()]
    with log.open("wb") as output:
        runner = subprocess.Popen(
            ["env", *settings_set, sys.executable, "-m", "local", "run", "--home", str(directory), "--chargers", "0"],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while not run_file.exists():
            assert runner.poll() is None, f"the system stopped with {runner.returncode}:\n{log.read_text()[-4000:]}"
            assert time.monotonic() < deadline, f"not ready within {READY_WITHIN_S} s:\n{log.read_text()[-4000:]}"
            time.sleep(0.05)
        yield System(run_file)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(runner.pid, signal.SIGINT)
        try:
            runner.wait(STOPPED_WITHIN_S)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(runner.pid, signal.SIGKILL)
