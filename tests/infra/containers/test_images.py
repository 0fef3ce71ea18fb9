"""The Dockerfiles: linted, pinned, for nobody in particular, and small enough to read."""

import re
from pathlib import Path

import pytest

from tests.infra.tools import ROOT, output

DOCKERFILES = ("Dockerfile.ingest", "Dockerfile.api", "loadtest/Dockerfile")

every_image = pytest.mark.parametrize("path", [ROOT / name for name in DOCKERFILES], ids=DOCKERFILES)


@every_image
def test_hadolint_finds_nothing(path: Path) -> None:
    output("hadolint", "--failure-threshold", "style", path)


@every_image
def test_it_needs_no_frontend_but_the_builtin_one(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"^#\s*syntax", text, re.MULTILINE)
    assert "<<" not in text
    assert "--link" not in text


@every_image
def test_it_runs_as_a_numbered_nobody_with_python_as_process_1(path: Path) -> None:
    text = path.read_text()
    assert "\nUSER 10001:10001\n" in text
    assert '\nENTRYPOINT ["python", "-m"]\n' in text


@every_image
def test_its_packages_are_locked_with_hashes(path: Path) -> None:
    text = path.read_text()
    lock = re.search(r"source=(requirements/\w+\.txt)", text)
    assert lock
    assert "uv pip sync --quiet --require-hashes" in text
    assert "--hash=sha256:" in (ROOT / lock[1]).read_text()


@every_image
def test_the_uv_that_installs_is_the_uv_that_locked(path: Path) -> None:
    locked = re.match(r"uv==(\S+)", (ROOT / "requirements/uv.txt").read_text())
    assert locked
    assert f"ARG UV_IMAGE=ghcr.io/astral-sh/uv:{locked[1]}\n" in path.read_text()


@every_image
def test_what_it_copies_is_let_in(path: Path) -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    for source in re.findall(r"^COPY (\w+) ", path.read_text(), re.MULTILINE):
        assert f"!{source}" in ignored, source
        assert (ROOT / source).is_dir()


def test_all_stand_on_the_same_base() -> None:
    bases = {line for name in DOCKERFILES for line in (ROOT / name).read_text().splitlines() if "PYTHON_IMAGE=" in line}
    assert len(bases) == 1


def test_the_api_has_no_part_of_ingest() -> None:
    assert set(re.findall(r"^COPY (\w+) ", (ROOT / "Dockerfile.api").read_text(), re.MULTILINE)) == {"shared", "api"}
