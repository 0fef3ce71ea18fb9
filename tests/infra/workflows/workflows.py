"""The workflows and the composite action as data: jobs, steps, what they use and what they run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.infra.tools import ROOT

GITHUB = ROOT / ".github"
ACTIONS = sorted(GITHUB.glob("actions/*/action.yml"))
FILES = sorted(GITHUB.glob("workflows/*.yml"))
USES = re.compile(r"^\s*(?:- )?uses: (?P<what>\S+)(?: # (?P<version>\S+))?$", re.M)
MAKE = re.compile(r"\bmake ([a-z][a-z0-9-]*)")
TARGET = re.compile(r"^([a-z][a-z0-9-]*):(?!=)", re.M)
STEP = re.compile(r"^(?:step|tested) ([a-z][a-z0-9-]*.*)$", re.M)


@dataclass(frozen=True, slots=True)
class Job:
    """One job of one workflow."""

    workflow: str
    name: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.workflow}:{self.name}"

    @property
    def steps(self) -> list[dict[str, Any]]:
        """None where it calls another workflow."""
        steps: list[dict[str, Any]] = self.body.get("steps", [])
        return steps

    @property
    def runs(self) -> list[str]:
        return [step["run"] for step in self.steps if "run" in step]

    @property
    def targets(self) -> set[str]:
        return {target for run in self.runs for target in MAKE.findall(run)}


def read(path: Path) -> dict[str, Any]:
    """A file's content; YAML 1.1 takes the key `on` for true, GitHub does not."""
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    return {"on" if key is True else key: value for key, value in found.items()}


WORKFLOWS = {path.stem: read(path) for path in FILES}
JOBS = [Job(name, job, body) for name, workflow in WORKFLOWS.items() for job, body in workflow["jobs"].items()]


def jobs(workflow: str) -> dict[str, Job]:
    return {job.name: job for job in JOBS if job.workflow == workflow}


def steps(script: str) -> list[str]:
    """What `.ci/run` or `.ci/nightly` makes, in its order: the target and what it is told."""
    return STEP.findall((ROOT / ".ci" / script).read_text())


def used() -> Iterator[tuple[str, str, str | None]]:
    """File, action with its ref, and the version in the comment behind it."""
    for path in (*FILES, *ACTIONS):
        for use in USES.finditer(path.read_text()):
            yield path.name, use["what"], use["version"]


def make_targets() -> set[str]:
    """What the Makefile and what it includes define."""
    return {
        target for path in (ROOT / "Makefile", GITHUB / "release.mk") for target in TARGET.findall(path.read_text())
    }
