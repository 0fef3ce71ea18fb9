"""What pages name exists: make targets, Python modules, files, settings, metrics."""

import re
from pathlib import Path

import pytest

from shared.process.settings import PREFIX, SECRETS, Settings

from .test_links import PAGES, ROOT

CODE = re.compile(r"^```\w*\n(.*?)^```$|`([^`\n]+)`", re.M | re.S)
MADE = re.compile(r"^(?:.* && )?make (?:[A-Z_]+=\S+ )*([a-z][a-z0-9-]*)", re.M)
MAKEFILES = (ROOT / "Makefile", ROOT / ".github/release.mk")
TARGETS = {target for file in MAKEFILES for target in re.findall(r"^([a-z][a-z0-9-]*):(?!=)", file.read_text(), re.M)}
METRICS = "".join((ROOT / f"{of}/metrics.py").read_text() for of in ("api", "ingest/gateway", "ingest/rollup"))
SETTINGS = (
    {PREFIX + name.upper() for name in Settings.model_fields}
    | {f"{PREFIX}{name}_FILE" for name in SECRETS}
    | {"PLUGWATCH_VERSION", "PLUGWATCH_REVISION"}
)
#: Beginnings of paths that are ours; others are of a machine, a container or an example.
OURS = re.compile(
    r"^(?:shared|ingest|api|tools|local|loadtest|monitoring|k8s|ansible|proxy|tests|docs|\.ci|\.github)/[\w./-]*\w$"
)
#: The recipes' files are made by following them, and tests/recipes does so.
WALKED = {"CONTRIBUTING.md"}
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code(page: Path) -> list[str]:
    """Blocks and spans of code, which is what a reader copies."""
    return [block or span for block, span in CODE.findall(page.read_text())]


@EVERY_PAGE
def test_make_targets(page: Path) -> None:
    named = {target for one in code(page) for target in MADE.findall(one)}
    assert named <= TARGETS


@EVERY_PAGE
def test_python_modules(page: Path) -> None:
    for one in code(page):
        for module in re.findall(
            r"python3? -m ((?:ingest|api|shared|tools|local|loadtest|monitoring|k8s|tests)[\w.]*)", one
        ):
            path = module.rstrip(".").replace(".", "/")
            assert any((ROOT / file).exists() for file in (f"{path}.py", f"{path}/__main__.py")), module


@EVERY_PAGE
def test_files(page: Path) -> None:
    if page.name in WALKED:
        return
    for one in code(page):
        if OURS.match(one):
            assert (ROOT / one).exists() or (page.parent / one).exists(), one


@EVERY_PAGE
def test_settings(page: Path) -> None:
    if page.name in WALKED:
        return
    named = set(re.findall(rf"\b{PREFIX}[A-Z0-9_]+\b", page.read_text()))
    assert named <= SETTINGS


@EVERY_PAGE
def test_metrics(page: Path) -> None:
    if page.name in WALKED:
        return
    for name in re.findall(r"\bplugwatch_(?:api|gateway|rollup)_\w+", page.read_text()):
        assert re.sub(r"_(?:bucket|count|sum|total)$", "", name) in METRICS, name
