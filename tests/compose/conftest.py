"""One deployment for all tests: brought up once, taken down with its data."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.compose.deployment import ROOT, Deployment


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """All services healthy, simulated chargers connected."""
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        missing = "no Docker daemon answers, so the compose deployment was NOT TESTED"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    secrets = tmp_path_factory.mktemp("compose") / "secrets"
    subprocess.run([sys.executable, "-m", "local.secret_files", str(secrets)], cwd=ROOT, check=True)
    deployment = Deployment(os.environ.get("COMPOSE") or "docker compose", secrets)
    deployment.run("down", "--volumes", "--timeout", "5")
    try:
        deployment.up("--build")
        yield deployment
    finally:
        deployment.run("down", "--volumes", "--timeout", "5")
