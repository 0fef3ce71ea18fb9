"""Every figure of docs/performance.md, each beside its baseline in the same run: ``make bench ARGS="ROW …"``.

Everything runs on this machine, against processes started here. Speed is given as a ratio to a baseline, in alternating
rounds. CPU is each process's own, from /proc; the generator's is shown apart. BROKER=mock takes librdkafka's broker in
the place of Apache Kafka. The last answer is the table; JSON, table and plot are in the folder of --into.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import uvloop

from loadtest.benchmarks.machine import circumstances
from loadtest.benchmarks.row import Row, written
from loadtest.benchmarks.rows import answered, catch_up, handshakes, idle, read, saturation, stats, steady, storm

ROWS: dict[str, ModuleType] = {
    "steady": steady,
    "saturation": saturation,
    "catch-up": catch_up,
    "answered": answered,
    "read": read,
    "stats": stats,
    "idle": idle,
    "storm": storm,
    "handshakes": handshakes,
}


def parser() -> argparse.ArgumentParser:
    """What may be asked for."""
    found = argparse.ArgumentParser(
        prog="python -m loadtest.benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    lines = [f"{name}: {(module.__doc__ or '').splitlines()[0]}" for name, module in ROWS.items()]
    found.add_argument("rows", nargs="*", metavar="ROW", choices=[[], *ROWS], help="; ".join(lines) + " (default: all)")
    found.add_argument("--quick", action="store_true", help="each small, to see that it works; the figures mean little")
    found.add_argument(
        "--into", type=Path, default=Path("loadtest/reports/bench"), help="folder (default: %(default)s)"
    )
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, and keeps the figures of rows that were not asked for."""
    given = parser().parse_args(arguments)
    os.environ.setdefault("BROKER", "kafka")
    given.into.mkdir(parents=True, exist_ok=True)
    report = given.into / "figures.json"
    told: dict[str, Any] = {"schema_version": 1, "rows": {}}
    if report.exists():
        told = json.loads(report.read_text())
    for name in given.rows or ROWS:
        print(f"{name} …", file=sys.stderr, flush=True)
        around = circumstances()
        row = uvloop.run(_measured(name, given.quick))
        told["rows"][name] = {**around, "quick": given.quick, **row.told}
        report.write_text(written(told))


async def _measured(name: str, quick: bool) -> Row:
    row: Row = await getattr(ROWS[name], name.replace("-", "_"))(quick=quick)
    return row


if __name__ == "__main__":
    main()
