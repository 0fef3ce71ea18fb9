"""docs/ocpp.md says of each version what the code reads, answers, refuses and sends."""

import re

import pytest

from ingest.ocpp.dialects.dialect import Dialect, nothing
from ingest.ocpp.errors import Code
from ingest.ocpp.versions import DIALECTS, spelled

from .test_links import ROOT

VERSIONS = ("1.6", "2.0.1", "2.1")
TABLE = (ROOT / "docs/ocpp.md").read_text().partition("## What a charger may send\n")[2].partition("\n\n- ")[0]
ROWS = {cells[1].strip(): cells[2:-1] for line in TABLE.split("\n") if len(cells := line.split("|")) > 1}


def named(row: str, version: str) -> set[str]:
    """The actions in a cell, with those of 2.0.1 where it says so."""
    cell = ROWS[row][VERSIONS.index(version)]
    return set(re.findall(r"`(\w+)`", cell)) | (named(row, "2.0.1") if "all of 2.0.1" in cell else set())


def dialect(version: str) -> Dialect:
    return DIALECTS[f"ocpp{version}"]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_read_answered_and_sent(version: str) -> None:
    spoken = dialect(version)
    read = {name for name, action in spoken.actions.items() if action.facts is not nothing}
    assert named("read for state", version) == read
    assert named("answered, and not kept", version) == spoken.actions.keys() - read
    assert named("sent by us", version) == spoken.answers.keys()


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_refused(version: str) -> None:
    (other_way,) = (row for row in ROWS if "the other way" in row)
    (unknown,) = (row for row in ROWS if "any other action" in row)
    assert ROWS[other_way][VERSIONS.index(version)].strip() == f"{len(dialect(version).refused)} actions"
    assert f"`{spelled(Code.NOT_SUPPORTED, dialect(version))}`" in other_way
    assert f"`{spelled(Code.NOT_IMPLEMENTED, dialect(version))}`" in unknown
