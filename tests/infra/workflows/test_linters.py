"""What others' linters say of the workflows: nothing. And that each of them would say it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.tools import ROOT, output, tool
from tests.infra.workflows.workflows import ACTIONS, FILES, GITHUB

UNQUOTED = "jobs:\n  check:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo $HOME/*.txt | cat $1\n"


@pytest.fixture
def spelt_out(tmp_path: Path) -> Path:
    """The repository's .github as actionlint 1.7.12 can read it: for this repository it knows `./`, and not yet `$/`.

    So it also sees whether our own workflows and actions have the inputs and outputs that their callers think.
    """
    shutil.copytree(GITHUB, tmp_path / ".github")
    (tmp_path / ".git").mkdir()
    for path in (tmp_path / ".github").rglob("*.yml"):
        path.write_text(path.read_text().replace("uses: $/", "uses: ./"))
    return tmp_path


def actionlint(directory: Path) -> subprocess.CompletedProcess[str]:
    command = [tool("actionlint"), "-no-color", "-shellcheck", tool("shellcheck")]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=120)


def test_zizmor_finds_nothing_even_pedantically() -> None:
    assert output("zizmor", "--offline", "--persona=pedantic", "--no-progress", "--color=never", ".").strip() == (
        "No findings to report. Good job!"
    )


def test_nothing_is_hidden_from_zizmor() -> None:
    assert not (GITHUB / "zizmor.yml").exists()
    assert [path.name for path in (*FILES, *ACTIONS) if "zizmor: ignore" in path.read_text()] == []


def test_actionlint_finds_nothing(spelt_out: Path) -> None:
    found = actionlint(spelt_out)
    assert found.returncode == 0, found.stdout


def test_actionlint_asks_shellcheck_about_what_is_run(spelt_out: Path) -> None:
    (spelt_out / ".github/workflows/careless.yml").write_text(f"on: push\n{UNQUOTED}")
    assert "SC2086" in actionlint(spelt_out).stdout


def test_actionlint_sees_an_input_that_is_not_there(spelt_out: Path) -> None:
    ci = spelt_out / ".github/workflows/ci.yml"
    ci.write_text(ci.read_text().replace("      platforms: linux/amd64", "      platform: linux/amd64"))
    assert "platform" in actionlint(spelt_out).stdout


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", FILES),
        ("vendor.github-actions", ACTIONS),
        ("vendor.dependabot", [GITHUB / "dependabot.yml"]),
    ],
)
def test_files_are_of_their_schema(schema: str, files: list[Path]) -> None:
    output("check-jsonschema", "--builtin-schema", schema, *(path.relative_to(ROOT) for path in files))
