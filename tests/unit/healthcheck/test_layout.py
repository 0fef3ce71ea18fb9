"""What the file says of its own layout is how it is laid out, and none of it is for those who ask for help."""

import re
from pathlib import Path

import pytest

import healthcheck


def test_its_table_of_contents_names_its_sections_in_their_order() -> None:
    told = (healthcheck.__doc__ or "").partition("In this file, in this order:\n")[2]
    contents = re.findall(r"^  (\S.*?)  ", told, re.M)
    lines = Path(healthcheck.__file__).read_text().splitlines()
    sections = [line for before, line, after in zip(lines, lines[1:], lines[2:], strict=False) if not before + after]
    sections = [line[2:].partition(":")[0] for line in sections if re.match("# [a-z]", line)]
    assert len(contents) > 5
    assert contents == sections


def test_help_says_the_verdicts_and_not_the_layout(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        healthcheck.arguments(["--help"])
    said = capsys.readouterr().out
    assert "unhealthy  chargers or readers feel it now" in said
    assert "--register." in said
    assert "In this file" not in said
