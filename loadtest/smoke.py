"""The load test in small, against a system of its own: `make load-smoke`. The exit code is the verdict.

Everything is brought up here, loaded for some 20 s and torn down. The marks are generous, for a busy machine of two
cores; a part of the system that stands still or fails does not get past them.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from local.apart import Apart
from local.process import StartFailure

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


def load(run_file: Path, arguments: Sequence[str]) -> int:
    """Load the system that `run_file` tells of; what the environment says of the load wins."""
    given = {name: value for name, value in os.environ.items() if name.startswith("LOAD_")}
    command = [sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py", "--headless", *arguments]
    environment = os.environ | LOAD | given | {"LOAD_RUN_FILE": str(run_file)}
    return subprocess.run(command, env=environment, check=False).returncode


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="plugwatch-load-") as directory:
        try:
            with Apart(Path(directory)) as system:
                print(f"  a system of its own is up: {json.loads(system.run_file.read_text())['pids']}", flush=True)
                return load(system.run_file, sys.argv[1:])
        except StartFailure as failure:
            print(failure, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
