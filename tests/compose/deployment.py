"""The compose deployment as an operator has it: its command, containers and doors; under a project name of its own."""

import json
import os
import shlex
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).parents[2]
PROJECT = "plugwatch-test"
PORTS = {
    "GATEWAY_PORT": "19000",
    "API_PORT": "18000",
    "PROMETHEUS_PORT": "19090",
    "ALERTMANAGER_PORT": "19093",
    "GRAFANA_PORT": "13000",
    "CONSOLE_PORT": "18080",
}


class Deployment:
    """What the tests do to it and ask of it; `secrets` is the directory of its secret files."""

    def __init__(self, command: str, secrets: Path) -> None:
        self.command = command
        self.secrets = secrets
        self.environment = {
            **os.environ,
            **PORTS,
            "COMPOSE_PROJECT_NAME": PROJECT,
            "COMPOSE_PROFILES": "simulate",
            "SECRETS": str(secrets),
        }
        self.api = f"http://127.0.0.1:{PORTS['API_PORT']}"
        self.gateway = f"ws://127.0.0.1:{PORTS['GATEWAY_PORT']}/ocpp"
        self.prometheus = f"http://127.0.0.1:{PORTS['PROMETHEUS_PORT']}"
        self.alertmanager = f"http://127.0.0.1:{PORTS['ALERTMANAGER_PORT']}"

    def run(self, *words: str, timeout_s: float = 420) -> subprocess.CompletedProcess[str]:
        """Compose with these words; whatever its exit code."""
        return subprocess.run(
            [*shlex.split(self.command), *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )

    def compose(self, *words: str) -> str:
        """Compose with these words; fails the test unless it succeeds."""
        done = self.run(*words)
        assert done.returncode == 0, f"compose {' '.join(words)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def up(self, *words: str) -> None:
        self.compose("up", "--detach", "--wait", "--wait-timeout", "300", *words)

    def containers(self, service: str) -> list[dict[str, Any]]:
        """What `docker inspect` says of each container of a service, running or not."""
        ids = self.compose("ps", "--all", "--quiet", service).split()
        inspected = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True)
        found: list[dict[str, Any]] = json.loads(inspected.stdout)
        return found

    def services(self) -> list[str]:
        return self.compose("config", "--services").split()

    def token(self, name: str) -> str:
        return (self.secrets / name).read_text().strip()

    def get(self, url: str, token: str | None = None) -> tuple[int, Any]:
        """Status and body, JSON where it is."""
        headers = {"Authorization": f"Bearer {self.token(token)}"} if token else {}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
                status, body = answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            status, body = refusal.code, refusal.read().decode()
        try:
            return status, json.loads(body)
        except ValueError:
            return status, body

    def stats(self) -> Mapping[str, Any]:
        status, body = self.get(f"{self.api}/v1/stats", "read_token")
        assert status == 200, body
        found: Mapping[str, Any] = body
        return found

    def query(self, promql: str) -> list[dict[str, Any]]:
        """The series that Prometheus answers."""
        _, body = self.get(f"{self.prometheus}/api/v1/query?query={quote(promql)}")
        found: list[dict[str, Any]] = body["data"]["result"]
        return found
