"""The README's quick start on every Python that is promised: a fresh clone, an empty home, `make run`, Ctrl-C."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from local.ports import free_port
from local.system.choices import PORTS, PREFIX
from tests.infra.tools import ROOT, output
from tests.pythons.pythons import VERSIONS, Python, python

READY_WITHIN_S = 420  # everything is fetched and installed
STOPS_WITHIN_S = 10


class Clone:
    """A clone that nobody has used yet, and its make."""

    def __init__(self, python: Python) -> None:
        self._python = python
        self.path = python.directory / "plugwatch"
        output("git", "clone", "--quiet", ROOT, self.path)
        (python.directory / "home").mkdir()
        self.run_file = self.path / ".plugwatch/run.json"
        self.said = python.directory / "said"

    def make(self, *words: str) -> "subprocess.Popen[bytes]":
        seen = self._python.seen_as
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "UV_CACHE"))}
        ports = {PREFIX + name: str(free_port()) for name in PORTS}
        home = {"HOME": str(seen / "home"), "CHARGERS": "4", "PYTHON": self._python.program}
        words = ("env", "-C", str(seen / "plugwatch"), "make", *words)
        with self.said.open("ab") as said:
            return subprocess.Popen(
                [*self._python.command, *words],
                env=environment | ports | home,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stats(self) -> dict[str, dict[str, dict[str, int]]]:
        run = json.loads(self.run_file.read_text())
        asked = urllib.request.Request(
            f"{run['api']}/v1/stats", headers={"Authorization": f"Bearer {run['read_token']}"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            found: dict[str, dict[str, dict[str, int]]] = json.load(answer)
            return found


@pytest.fixture(params=VERSIONS)
def clone(request: pytest.FixtureRequest, tmp_path: Path) -> Clone:
    return Clone(python(request.param, tmp_path))


@pytest.fixture
def running(clone: Clone) -> "Iterator[subprocess.Popen[bytes]]":
    """`make run`, and whatever comes, nothing of it is left."""
    process = clone.make("run")
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_the_quick_start(clone: Clone, running: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while not (clone.run_file.exists() and clone.stats()["charge_points"]["connectivity"].get("ONLINE") == 4):
        assert running.poll() is None, clone.said.read_text()
        assert time.monotonic() < deadline, clone.said.read_text()
        time.sleep(0.2)
    assert clone.make("health").wait(60) == 0, clone.said.read_text()
    os.killpg(running.pid, signal.SIGINT)
    running.wait(STOPS_WITHIN_S)  # make dies of the signal, once Plugwatch has ended
    assert "Plugwatch has stopped" in clone.said.read_text()
    print(clone.said.read_text())  # shown by -rP
