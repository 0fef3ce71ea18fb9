"""The PLUGWATCH_* variables of a run: what the environment gives; for the rest free ports, kept tokens, defaults."""

import os
from collections.abc import Mapping
from pathlib import Path

from local.ports import free_port
from local.system.home import Home

PREFIX = "PLUGWATCH_"
PORTS = {"GATEWAY_PORT": 9000, "GATEWAY_ADMIN_PORT": 9100, "ROLLUP_ADMIN_PORT": 9101, "API_PORT": 8000}
TOKENS = ("READ_TOKEN", "ADMIN_TOKEN", "METRICS_TOKEN")
# One machine and an impatient person: nobody from outside, short goodbyes, and soon a successor for a killed rollup.
DEFAULTS = {
    "HOST": "127.0.0.1",
    "DRAIN_S": "0.5",
    "SESSION_TIMEOUT_S": "6",
    "TOPIC": "plugwatch.charger-events",
    "DEAD_LETTER_TOPIC": "plugwatch.charger-events.dlq",
}


class Choices:
    def __init__(self, home: Home) -> None:
        values = DEFAULTS | {name: str(free_port(usual)) for name, usual in PORTS.items() if given(name) is None}
        values |= {name: home.token(name.lower()) for name in TOKENS if given(name) is None}
        self._values = values | {name: value for name in (*DEFAULTS, *PORTS, *TOKENS) if (value := given(name))}

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def url(self, port: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self[port]}"

    def token(self, name: str) -> str:
        """The first, where there are several."""
        return self[name].replace("\n", ",").split(",")[0].strip()

    @property
    def environment(self) -> Mapping[str, str]:
        return {PREFIX + name: value for name, value in self._values.items()}


def given(name: str) -> str | None:
    """What the environment says, or the file it names."""
    if value := os.environ.get(PREFIX + name):
        return value
    path = os.environ.get(f"{PREFIX}{name}_FILE")
    return Path(path).read_text().strip() if path else None
