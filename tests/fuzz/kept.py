"""The targets by name, and the inputs that are kept of each: where they begin, and what failed once."""

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, cast

CORPUS = Path(__file__).parent / "corpus"
TARGETS = sorted(path.stem for path in Path(__file__).parent.glob("targets/[a-z]*.py"))


class Target(Protocol):
    """What a module of ``targets`` has."""

    WORDS: Iterable[str]

    def run(self, data: bytes) -> None:
        """Raises if something does what it must not."""


def target(name: str) -> Target:
    """The target of this name."""
    return cast(Target, importlib.import_module(f"tests.fuzz.targets.{name}"))


def inputs(name: str) -> list[Path]:
    """The files that are kept for a target."""
    return sorted((CORPUS / name).iterdir())
