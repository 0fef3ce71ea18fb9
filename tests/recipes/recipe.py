"""Recipes of CONTRIBUTING.md: a block that names a file is it, or a change of it; `sh` blocks are what is run then."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "CONTRIBUTING.md"
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One recipe: files to write, changes to make, commands to run."""

    name: str
    text: str

    def __str__(self) -> str:
        return self.name

    def apply(self, tree: Path) -> None:
        """Writes and changes the files of ``tree``.

        Raises:
            ValueError: a change does not fit, or fits at several places.
        """
        for language, file, content in _BLOCK.findall(self.text):
            if language == "diff":
                _change(tree / file, content)
            elif file:
                assert not (tree / file).exists(), f"{file} is there already"
                (tree / file).parent.mkdir(parents=True, exist_ok=True)
                (tree / file).write_text(content)

    @property
    def commands(self) -> list[list[str]]:
        """What it says to run, by words."""
        blocks = (block for language, _, block in _BLOCK.findall(self.text) if language == "sh")
        return [shlex.split(line) for block in blocks for line in block.splitlines()]

    @property
    def programs(self) -> list[str]:
        """The Python files that it writes or changes."""
        return sorted({file for _, file, _ in _BLOCK.findall(self.text) if file.endswith(".py")})


def recipes() -> list[Recipe]:
    """All of the page, whose end they are."""
    text = PAGE.read_text().partition("\n## Recipes\n")[2]
    parts = re.split(r"^### (.+)$", text, flags=re.M)[1:]
    return [Recipe(name, body) for name, body in zip(parts[::2], parts[1::2], strict=True)]


def copy_tree(to: Path) -> None:
    """What git knows of the repository, as it is now, with the same `.venv`."""
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    for name in names:
        if name and (ROOT / name).is_file() and not name.startswith("docs/pictures/"):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)
    (to / ".venv").symlink_to(ROOT / ".venv")


def run(commands: Iterable[list[str]], tree: Path) -> None:
    """Runs each in ``tree``, as a person would; one that fails fails the test with all that it said."""
    for command in commands:
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"


def _change(file: Path, diff: str) -> None:
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] or line for line in lines if line[0] in " -\n")
    after = "".join(line[1:] or line for line in lines if line[0] in " +\n")
    text = file.read_text()
    if (found := text.count(before)) != 1:
        raise ValueError(f"{file.name} has {found} times:\n{before}")
    file.write_text(text.replace(before, after))
