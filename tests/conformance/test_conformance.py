"""A charger that is not ours against the whole system: npm ``ocpp-rpc`` in strict mode, in all three dialects."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.system import running

HERE = Path(__file__).parent


def test_ocpp_rpc_finds_nothing_wrong(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    node = shutil.which("node")
    assert node, "Node.js 20 is needed: install it, then `make conformance`"
    assert (HERE / "node_modules").is_dir(), "run `make conformance`, which installs the charger first"
    with running(tmp_path) as system:
        arguments = ["--url", system.gateway, "--api", system.api, "--admin-token", system.admin_token]
        charger = subprocess.run(
            [node, str(HERE / "charger.js"), *arguments], capture_output=True, text=True, timeout=120, check=False
        )
    with capfd.disabled():
        print(charger.stdout, charger.stderr)
    assert charger.returncode == 0
    assert ", 0 failed" in charger.stdout.splitlines()[-1]
