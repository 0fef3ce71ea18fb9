"""Types that npm ``openapi-typescript`` makes of ``/openapi.json`` fit a client in TypeScript."""

import json
import subprocess
from pathlib import Path

import httpx

from tests.e2e.system import running

HERE = Path(__file__).parent
MADE = HERE / "made"
STRICT = ("--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--module", "nodenext")


def run(program: str, *arguments: str) -> None:
    found = HERE / "node_modules" / ".bin" / program
    assert found.exists(), "run `make conformance`, which installs it first"
    done = subprocess.run([found, *arguments], cwd=HERE, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_client_in_typescript_compiles_with_the_types_that_are_generated(tmp_path: Path) -> None:
    MADE.mkdir(exist_ok=True)
    with running(tmp_path) as system:
        (MADE / "openapi.json").write_text(json.dumps(httpx.get(f"{system.api}/openapi.json").json()))
    run("openapi-typescript", "made/openapi.json", "--output", "made/plugwatch.d.ts")
    run("tsc", *STRICT, "reader.ts")
