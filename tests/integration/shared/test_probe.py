"""The health check of the images, against a real server of a process."""

import asyncio
import sys
from collections.abc import Mapping

import pytest

from shared.http.server import serving
from shared.process import admin


async def probe(*arguments: str) -> tuple[int | None, str]:
    """Its exit code and all that it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "shared.process.probe",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


@pytest.mark.parametrize(("ready", "code"), [(True, 0), (False, 1)])
async def test_its_exit_code_is_the_readiness_and_its_output_names_the_dependencies(ready: bool, code: int) -> None:
    async def readiness() -> tuple[bool, Mapping[str, str]]:
        return ready, {"postgres": "ok" if ready else "unavailable"}

    application = admin.application(readiness, admin.metrics_registry(), ())
    async with serving(application, "127.0.0.1", 0) as port:
        ended, printed = await probe(f"http://127.0.0.1:{port}/readyz")
    assert ended == code
    assert '"postgres":' in printed


async def test_nobody_there_is_a_failure_that_says_so() -> None:
    ended, printed = await probe("http://127.0.0.1:9/healthz")
    assert ended == 1
    assert "does not answer" in printed


@pytest.mark.parametrize("arguments", [(), ("127.0.0.1:9100",), ("ftp://127.0.0.1/",), ("http://a/", "http://b/")])
async def test_anything_but_one_url_is_told_the_usage(arguments: tuple[str, ...]) -> None:
    ended, printed = await probe(*arguments)
    assert (ended, printed.startswith("usage:")) == (1, True)
