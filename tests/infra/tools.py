"""The programs that infra tests run: where `make infra-check` has put them, else from PATH."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = (".venv-infra/bin", ".cache/bin")


def tool(name: str) -> str:
    """The path of a program; a test that lacks it fails, and says what brings it."""
    kept = ":".join(str(ROOT / place) for place in PLACES)
    found = shutil.which(name, path=kept) or shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not here: `make infra-check` brings it")
    return found


def output(name: str, *arguments: str | Path, directory: Path = ROOT) -> str:
    """What a program prints; one that ends badly fails the test with all it said."""
    done = subprocess.run(
        [tool(name), *map(str, arguments)], cwd=directory, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{name} {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}"
    return done.stdout
