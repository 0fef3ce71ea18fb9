"""A whole system apart from others: `python -m local run` as a child, in a directory and on ports of its own.

`with Apart(directory) as system: json.loads(system.run_file.read_text())`. Start it from the main thread.
"""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from local.ports import free_port
from local.process import Process
from local.system.choices import PORTS, PREFIX

ROOT = Path(__file__).parents[1]


class Apart(Process):
    """Ready when `run_file` is there, gone with all its parts at the end of the block."""

    stop_signal = signal.SIGINT

    def __init__(
        self, directory: Path, *, chargers: int = 0, rate: float = 0.0, settings: Mapping[str, str] | None = None
    ) -> None:
        """`rate` is the statuses a second over all simulated chargers, `settings` are `PLUGWATCH_*` without prefix."""
        chosen = {name: str(free_port()) for name in PORTS} | dict(settings or {})
        program: list[str | Path] = [sys.executable, "-m", "local", "run", "--home", directory]
        super().__init__(
            "plugwatch",
            [*program, "--chargers", str(chargers), "--rate", str(rate)],
            directory / "run.log",
            environment={PREFIX + name: value for name, value in chosen.items()},
            directory=ROOT,
            ready_within_s=110,
        )
        self.run_file = directory / "run.json"

    def answers(self) -> bool:
        return self.run_file.exists()
