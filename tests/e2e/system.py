"""The whole system as one command starts it, and where its parts are."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.apart import Apart


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
    with Apart(directory, settings=settings) as runner:
        yield System(runner.run_file)
