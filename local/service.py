"""One of our own programs, `python -m …`, ready when its /readyz says 200."""

import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from local.ports import serves
from local.process import Process


class Service(Process):
    def __init__(self, name: str, module: str, directory: Path, environment: Mapping[str, str], port: int) -> None:
        """Its log goes to `directory`; `port` of 127.0.0.1 is where it serves /readyz."""
        command = [sys.executable, "-m", module]
        super().__init__(name, command, directory / f"{name}.log", environment=environment)
        self.ready_port = port

    def answers(self) -> bool:
        if not serves(self.pid, self.ready_port):
            return False
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ready_port}/readyz", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
