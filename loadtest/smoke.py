"""The load test in small, against a system of its own: `make load-smoke`. The exit code is the verdict.

Everything is brought up here, loaded for some 20 s and torn down. The marks are generous, for a busy machine of two
cores; a part of the system that stands still or fails does not get past them.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

READY_WITHIN_S, STOPPED_WITHIN_S = 120.0, 10.0
LOAD = {
    "LOAD_CHARGERS": "60",
    "LOAD_READERS": "10",
    "LOAD_RATE": "30",
    "LOAD_WARM_UP": "2",
    "LOAD_RAMP": "4",
    "LOAD_SECONDS": "12",
    "LOAD_ANSWER_WITHIN": "5",
    "LOAD_VISIBLE_WITHIN": "5",
    "LOAD_MAX_FAILURES": "0.005",
    "LOAD_MAX_ACK_MS": "1000",
    "LOAD_MAX_READ_MS": "1500",
    "LOAD_MAX_VISIBLE_MS": "2500",
    "LOAD_MAX_BEHIND_MS": "1000",
    "LOAD_MIN_RATE": "0.6",
}


class NotUp(Exception):
    """The system did not come up; ends with what it said."""


@contextmanager
def system(home: Path) -> Iterator[Path]:
    """The embedded system without simulated chargers; gives its run.json. All of it is gone afterwards.

    Raises:
        NotUp
    """
    run_file, log = home / "run.json", home / "run.log"
    command = [sys.executable, "-m", "local", "run", "--home", str(home), "--chargers", "0"]
    with log.open("wb") as output:
        runner = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while not run_file.exists():
            if runner.poll() is not None or time.monotonic() > deadline:
                raise NotUp(f"the system was not up within {READY_WITHIN_S:g} s; it said:\n{log.read_text()[-4000:]}")
            time.sleep(0.1)
        yield run_file
    finally:
        with suppress(ProcessLookupError):
            os.killpg(runner.pid, signal.SIGINT)
        try:
            runner.wait(STOPPED_WITHIN_S)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(runner.pid, signal.SIGKILL)


def load(run_file: Path, arguments: Sequence[str]) -> int:
    """Load the system that `run_file` tells of; what the environment says of the load wins."""
    given = {name: value for name, value in os.environ.items() if name.startswith("LOAD_")}
    command = [sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py", "--headless", *arguments]
    environment = os.environ | LOAD | given | {"LOAD_RUN_FILE": str(run_file)}
    return subprocess.run(command, env=environment, check=False).returncode


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="plugwatch-load-") as directory:
        try:
            with system(Path(directory)) as run_file:
                print(f"  a system of its own is up: {json.loads(run_file.read_text())['pids']}", flush=True)
                return load(run_file, sys.argv[1:])
        except NotUp as failure:
            print(failure, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
