"""Schemathesis against the running API: what it answers is what ``/openapi.json`` says, whatever is sent.

Alone, and longer: ``make fuzz-api FUZZ_S=1800``. Without `positive_data_acceptance`: a body that fits
may still name what is not there.
"""

import asyncio
import sys
from pathlib import Path

import pytest

from local.stack import Stack
from tests.integration.api.served import ADMIN, Api
from tests.integration.api.test_process import ApiProcess

ENDLESS = "/v1/stream"  # has tests of its own
CONFIG = 'hooks = "lines.py"\n'
LINES = 'import schemathesis\nschemathesis.serializer.alias("application/x-ndjson", "text/plain")\n'


@pytest.mark.fuzz
async def test_the_api_is_what_it_says_it_is(
    api: Api, stack: Stack, database_url: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    for_s = int(pytestconfig.getoption("fuzz_s"))
    await api.station("S1", "CP1", "CP2")
    await api.rolled_up("CP1", "AVAILABLE", "FAULTED")
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    (tmp_path / "lines.py").write_text(LINES)
    environment = stack.environment | {"PLUGWATCH_DATABASE_URL": database_url, "PLUGWATCH_ADMIN_TOKEN": ADMIN}
    with ApiProcess(tmp_path / "api.log", environment) as process:
        fuzzing = await asyncio.create_subprocess_exec(
            *(Path(sys.executable).with_name("schemathesis"), "run"),
            f"http://127.0.0.1:{process.port}/openapi.json",
            *("--header", f"Authorization: Bearer {ADMIN}"),
            *("--exclude-path", ENDLESS),
            *("--exclude-checks", "positive_data_acceptance"),
            *("--max-time", str(for_s), "--max-failures", "20", "--request-timeout", "20"),
            *("--suppress-health-check", "all", "--warnings", "off", "--no-color"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(for_s + 60):
            said, _ = await fuzzing.communicate()
    assert fuzzing.returncode == 0, said.decode()
    assert "failed by a bug" not in (tmp_path / "api.log").read_text()
