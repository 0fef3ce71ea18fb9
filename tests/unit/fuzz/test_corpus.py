"""What `make fuzz` keeps is played in each run of the tests: where a target begins, and what failed once."""

from pathlib import Path

import pytest

from tests.fuzz.kept import CORPUS, TARGETS, inputs, target

KEPT = [path for name in TARGETS for path in inputs(name)]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_an_input_that_is_kept_does_no_harm(path: Path) -> None:
    target(path.parent.name).run(path.read_bytes())


def test_every_target_has_inputs_and_all_of_them_are_small() -> None:
    assert {path.parent.name for path in KEPT} == set(TARGETS) == {path.name for path in CORPUS.iterdir()}
    assert sum(path.stat().st_size for path in KEPT) < 300_000
