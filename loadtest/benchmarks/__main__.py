"""Every figure of docs/performance.md, each beside its baseline in the same run: ``make bench ARGS="ROW …"``.

Everything runs on this machine, against processes started here. Speed is given as a ratio to a baseline, in alternating
rounds. CPU is each process's own, from /proc; the generator's is shown apart. On Apache Kafka, unless BROKER=mock takes
librdkafka's broker in its place. --into keeps JSON, table and plot; rows that were not asked for stay there as they
are. All rows take about 15 minutes on a machine that does nothing else.
"""

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

from loadtest.benchmarks import guard
from loadtest.benchmarks.machine import circumstances
from loadtest.benchmarks.report.__main__ import DOCS
from loadtest.benchmarks.report.plot import plot
from loadtest.benchmarks.report.table import goals
from loadtest.benchmarks.row import Row, written
from loadtest.benchmarks.rows import ON_DEMAND, ROWS
from local.process import StartFailure


def parser() -> argparse.ArgumentParser:
    """What may be asked for."""
    lines = [f"  {name:<12} {(module.__doc__ or '').splitlines()[0]}" for name, module in ROWS.items()]
    found = argparse.ArgumentParser(
        prog="python -m loadtest.benchmarks",
        description=__doc__,
        epilog="\n".join(["rows:", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("rows", nargs="*", metavar="ROW", help=f"(default: all but {', '.join(ON_DEMAND)})")
    found.add_argument("--quick", action="store_true", help="each small, to see that it works; the figures mean little")
    found.add_argument("--events", type=int, help="of the backlog that is caught up (default: 1000000)")
    found.add_argument(
        "--into", type=Path, default=Path("loadtest/reports/bench"), help="folder (default: %(default)s)"
    )
    found.add_argument("--guard", action="store_true", help="only whether ratios of CPU are where they were, roughly")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures; the exit code is 1 when a row failed, and of --guard when a ratio is out of its bounds."""
    given = parser().parse_args(arguments)
    if unknown := set(given.rows) - set(ROWS):
        parser().error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    if given.guard:
        sys.exit(not uvloop.run(guard.holds()))
    os.environ.setdefault("BROKER", "kafka")
    given.into.mkdir(parents=True, exist_ok=True)
    report = given.into / "figures.json"
    told: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {"schema_version": 1, "rows": {}}
    failed: list[str] = []
    for name in given.rows or [one for one in ROWS if one not in ON_DEMAND]:
        print(f"{name} …", file=sys.stderr, flush=True)
        around, began = circumstances(), time.monotonic()
        try:
            row = uvloop.run(_measured(name, given))
        except StartFailure as failure:
            sys.exit(str(failure))
        except Exception:  # noqa: BLE001 - one row that fails stops no other
            traceback.print_exc()
            failed.append(name)
            continue
        told["rows"][name] = {**around, "took_s": round(time.monotonic() - began), "quick": given.quick, **row.told}
        told["rows"] = {one: told["rows"][one] for one in ROWS if one in told["rows"]}
        report.write_text(written(told))
        (given.into / "figures.svg").write_text(plot(told["rows"]))
        print(goals({name: told["rows"][name]}), flush=True)
    if given.into.resolve() != DOCS / "performance":  # there, bench-pages writes pages with it
        (given.into / "figures.md").write_text(goals(told["rows"]))
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


async def _measured(name: str, given: argparse.Namespace) -> Row:
    more = {"events": given.events} if name == "catch-up" and given.events else {}
    row: Row = await getattr(ROWS[name], name.replace("-", "_"))(quick=given.quick, **more)
    return row


if __name__ == "__main__":
    main()
