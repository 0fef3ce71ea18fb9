"""The files of `ansible/`, as its tests read them."""

from collections.abc import Iterator
from typing import Any

import yaml

from tests.infra.tools import ROOT

ANSIBLE = ROOT / "ansible"
ROLES = sorted(path.name for path in (ANSIBLE / "roles").iterdir())


def defaults(role: str) -> dict[str, Any]:
    """The role's variables, with their defaults."""
    return dict(yaml.safe_load((ANSIBLE / f"roles/{role}/defaults/main.yml").read_text()))


def options(role: str) -> dict[str, dict[str, Any]]:
    """The role's variables, as meta/argument_specs.yml describes them."""
    specs = yaml.safe_load((ANSIBLE / f"roles/{role}/meta/argument_specs.yml").read_text())
    return dict(specs["argument_specs"]["main"]["options"])


def tasks() -> Iterator[dict[str, Any]]:
    """Every task and handler of every role, those in blocks, too."""
    for kind in ("tasks", "handlers"):
        for file in sorted(ANSIBLE.glob(f"roles/*/{kind}/*.yml")):
            yield from _flat(yaml.safe_load(file.read_text()))


def _flat(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        if "block" in entry:
            yield from _flat(entry["block"])
        else:
            yield entry
