"""`.plugwatch/`: the data, logs and tokens of one `make run`, kept over restarts; one run at a time."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.process import StartFailure


class Home:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.run_file = path / "run.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it; raises StartFailure when another run does. The kernel lets go of it, however we end."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StartFailure(
                    f"Plugwatch already runs in this checkout (see {self.run_file}); stop that one first"
                ) from None
            self.remove_run()  # of a run that was killed
            try:
                yield
            finally:
                self.remove_run()

    def token(self, name: str) -> str:
        """The token kept here under `name`, made at the first call."""
        path = self.path / name
        if not path.exists():
            write_secret(path, secrets.token_urlsafe(24))
        return path.read_text().strip()

    def write_run(self, run: Mapping[str, object]) -> None:
        write_secret(self.run_file, json.dumps(run, indent=2) + "\n")

    def remove_run(self) -> None:
        self.run_file.unlink(missing_ok=True)


def write_secret(path: Path, content: str) -> None:
    """Write it whole or not at all, for nobody else to read."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    unfinished.replace(path)
