"""The part of docs/performance.md that is made of the figures. Pure."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from loadtest.benchmarks.report import table
from loadtest.benchmarks.report.capacity import RATES

_HEAD = """*This part is made by `make bench-pages` of [figures.json](performance/figures.json) and, where a goal is not
reached, [reasons.json](performance/reasons.json).*

Each figure is of one command that anyone can repeat: `make bench`, or `make bench ARGS="steady read"` for some rows
(`ARGS=--help`). Everything runs on one machine, on Apache Kafka; Postgres runs without `fsync`, on both sides of a
ratio. A ratio is to a baseline of the same run, in alternating rounds; baselines are the field's usual code, in
`loadtest/baselines/`, and each says below what it does not do. CPU is from `/proc`, each process apart; the
generator's is never in a sum. Absolute numbers are this machine's, and of the Python that a row names: that of a
distribution, or one built apart. Measured is the median of the rounds.

![Each goal, and how far from it](performance/figures.svg)

"""


def page(told: Mapping[str, Any], modules: Mapping[str, ModuleType], reasons: Mapping[str, str]) -> str:
    """All rows in the order of ``modules``."""
    rows = {name: told["rows"][name] for name in modules if name in told["rows"]}
    parts = [_lead(rows), _HEAD, table.goals(rows, reasons), _missing(modules, rows)]
    for name, row in rows.items():
        parts.append(_section(name, row, modules[name]))
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def _lead(rows: Mapping[str, Any]) -> str:
    """How many goals are reached, and what a status costs at the rates that were measured: the page in two lines."""
    goals = [goal["reached"] and not row["quick"] for row in rows.values() for goal in row["goals"]]
    figures = rows.get("steady", {}).get("figures", {})
    costs = [
        f"{table.number(figures[one][1] / 1000)} ms at {rate:,}/s"
        for rate in RATES
        if (one := f"{rate}/s.ours.all_us") in figures
    ]
    said = f"**{sum(goals)} of {len(goals)} goals are reached.**"
    if costs:
        said += f" A status costs {', '.join(costs)}: CPU of all our processes, Postgres and Redis, but not the broker."
    return said + "\n"


def _missing(modules: Mapping[str, ModuleType], rows: Mapping[str, Any]) -> str:
    lacking = [f"`{name}`" for name, module in modules.items() if name not in rows and module.GOALS]
    quick = [f"`{name}`" for name, row in rows.items() if row["quick"]]
    told = [f"Not measured yet: {', '.join(lacking)}.\n"] if lacking else []
    told += (
        [f"**Measured in small only, on a busy machine, and so worth little: {', '.join(quick)}.**\n"] if quick else []
    )
    return "\n".join(told)


def _section(name: str, row: Mapping[str, Any], module: ModuleType) -> str:
    machine, versions = row["machine"], row["versions"]
    lines = [f"## {module.TITLE}", "", (module.__doc__ or "").strip().replace("``", "`"), ""]
    lines += [f"Baseline: {module.BASELINE}", ""]
    lines += [f"- {one}" for one in row["short"]]
    settings = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in row["settings"].items())
    lines += [
        f"- `{row['command']}`, {row['began_at']}, commit `{row['commit']}`: {settings}",
        f"- {machine['cores']} cores of {machine['processor']}, {machine['memory_gb']} GB, {machine['system']}; "
        f"load before it {machine['load_before']}",
        f"- {', '.join(f'{key} {value}' for key, value in versions.items())}",
        "",
        "<details><summary>every figure</summary>",
        "",
        table.figures(row).rstrip(),
        "",
        "</details>",
        "",
    ]
    return "\n".join(lines)
