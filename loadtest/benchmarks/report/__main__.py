"""Writes what is made of docs/performance/figures.json: `make bench-pages`; --check only says what is out of date."""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from loadtest.benchmarks.report.capacity import capacity
from loadtest.benchmarks.report.page import page
from loadtest.benchmarks.report.plot import plot
from loadtest.benchmarks.rows import ROWS

DOCS = Path(__file__).parents[3] / "docs"
BEGIN, END = "<!-- made of figures.json -->\n", "<!-- end of what is made of figures.json -->\n"


def pages(docs: Path) -> dict[Path, str]:
    """Each page with what it is to say."""
    known: dict[str, Any] = {
        name: json.loads((docs / "performance" / f"{name}.json").read_text())
        for name in ("figures", "reasons", "assumptions")
    }
    figures = known["figures"]
    made = {
        "performance.md": page(figures, ROWS, known["reasons"]),
        "capacity.md": capacity(figures, known["assumptions"]),
    }
    return {
        **{docs / name: _put(docs / name, text) for name, text in made.items()},
        docs / "performance" / "figures.svg": plot(figures["rows"]),
    }


def _put(file: Path, made: str) -> str:
    """The page with what was made in the place of what stood there."""
    between = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.S)
    return between.sub(lambda _: f"{BEGIN}\n{made}\n{END}", file.read_text())


def main() -> None:
    """The exit code of --check is 1 when a page is out of date."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.benchmarks.report", description=__doc__)
    parser.add_argument("--check", action="store_true")
    is_check = parser.parse_args().check
    stale = {file: text for file, text in pages(DOCS).items() if not file.exists() or file.read_text() != text}
    for file, text in stale.items():
        print(f"{file.relative_to(DOCS.parent)} {'is out of date: make bench-pages' if is_check else 'written'}")
        if not is_check:
            file.write_text(text)
    sys.exit(bool(stale) and is_check)


if __name__ == "__main__":
    main()
