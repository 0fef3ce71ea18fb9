"""Dependabot looks wherever versions are written down; what it cannot raise is held together by other tests."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import pytest
import yaml

from tests.infra.tools import ROOT, output
from tests.infra.workflows.workflows import GITHUB, read

FILES = [PurePath(line) for line in output("git", "ls-files", "--cached", "--others", "--exclude-standard").split("\n")]
UPDATES: list[dict[str, Any]] = read(GITHUB / "dependabot.yml")["updates"]
MANIFESTS: Mapping[str, str] = {
    "pip": "requirements/*.txt",
    "docker": "*Dockerfile*",
    "docker-compose": "docker-compose.yml",
    "npm": "package.json",
}

each = pytest.mark.parametrize("update", UPDATES, ids=lambda update: update["package-ecosystem"])


def directories(update: dict[str, Any]) -> list[str]:
    found: list[str] = update.get("directories") or [update["directory"]]
    return found


@pytest.mark.parametrize("ecosystem", MANIFESTS)
def test_every_manifest_is_looked_at(ecosystem: str) -> None:
    there = {
        f"/{path.parent}".rstrip(".")
        for path in FILES
        if path.match(MANIFESTS[ecosystem]) and path.name != ".dockerignore"
    }
    assert there
    (update,) = (update for update in UPDATES if update["package-ecosystem"] == ecosystem)
    assert set(directories(update)) == there


def test_every_action_is_looked_at() -> None:
    (update,) = (update for update in UPDATES if update["package-ecosystem"] == "github-actions")
    assert directories(update) == ["/", "/.github/actions/*"]


@each
def test_updates_come_together_and_not_at_once(update: dict[str, Any]) -> None:
    assert [group["patterns"] for group in update["groups"].values()] == [["*"]]
    assert update["cooldown"]["default-days"] >= 7
    assert update["schedule"]["interval"] == "weekly"


@pytest.mark.parametrize("path", sorted(GITHUB.rglob("*.yml")), ids=lambda path: path.name)
def test_there_are_no_anchors(path: Any) -> None:
    """Dependabot refuses the whole file, and GitHub's workflows are read more easily without."""
    tokens = [token for token in yaml.scan(path.read_text()) if isinstance(token, yaml.AnchorToken | yaml.AliasToken)]
    assert tokens == []


def test_every_lock_is_made_and_checked_by_make() -> None:
    made = set(re.findall(r"-o \$\(LOCKS\)/(\S+)", (ROOT / "Makefile").read_text()))
    assert made == {path.name for path in (ROOT / "requirements").glob("*.txt")} - {"uv.txt", "redis.txt"}
