"""The summary of a run as a page of the documentation."""

from collections.abc import Mapping
from typing import NamedTuple

from tests.faults.verdict import Verdict

KINDS_OF_WRONG = (
    "lost", "doubled", "out of order", "wrong state", "stale", "Redis differs", "missing outage", "ended by itself",
    "unclean stop", "the API answered 500", "memory grows", "not settled", "a fault failed",
)  # fmt: skip


class Summary(NamedTuple):
    """The figures of a run."""

    command: str
    broker: str
    lasted_s: float
    chargers: int
    sent: int
    acked: int
    amid_fault: int
    reads: int
    judged: int
    unanswered: int
    absences: int
    faults: Mapping[str, int]
    storm: str | None
    verdict: Verdict


def page(run: Summary) -> str:
    """``docs/faults.md``."""
    lines = [
        "# What faults cost",
        "",
        "This page is made by the command that it describes; change `tests/faults/report.py`, not this file.",
        "",
        f"    {run.command}",
        "",
        f"{run.chargers} chargers (OCPP 1.6, 2.0.1 and 2.1), two gateways, two rollups and an API on {run.broker}, "
        f"Postgres 18 and Redis, for {run.lasted_s / 60:.0f} minutes. Every charger keeps a list of what it sent and "
        "what was acknowledged; faults come in random order, one after the other, under load. At the end the lists are "
        "compared with Postgres, Redis and the API.",
        "",
        "| changes | |",
        "|---|---:|",
        f"| sent | {run.sent:,} |",
        f"| acknowledged | {run.acked:,} |",
        f"| … of these sent while a fault lasted | {run.amid_fault:,} |",
        f"| absences of a charger that must be outages in history | {run.absences:,} |",
        f"| documents read through the API meanwhile | {run.reads:,} |",
        f"| … of these compared with the lists (no fault excused an old state) | {run.judged:,} |",
        "| … not answered with 200: no answer while a fault kills, freezes or restarts the API; 503 while neither "
        f"Redis nor Postgres can say | {run.unanswered:,} |",
        "",
        "| what is wrong at the end | |",
        "|---|---:|",
        *(f"| {kind} | {run.verdict.counts[kind]} |" for kind in KINDS_OF_WRONG),
        "",
        f"| fault, {sum(run.faults.values())} in all | times |",
        "|---|---:|",
        *(f"| {kind} | {n} |" for kind, n in sorted(run.faults.items(), key=lambda one: one[0].lower())),
        "",
        *([run.storm, ""] if run.storm else []),
        "A document is stale when it lacks a change that was acknowledged more than 5 s ago, while no fault lasts or "
        "has just lasted, that keeps state from moving (of Postgres, the broker, a rollup or the charger's gateway). "
        "Faults of Redis, of the API, of the listeners and of the second fleet excuse nothing.",
        "",
        "Not covered: a machine that loses power with writes in its cache (processes are killed, the kernel is not), a "
        "disk that lies or is full, several brokers, networks that lose or reorder packets, Redpanda itself.",
    ]
    return "\n".join(lines) + "\n"


def findings(verdict: Verdict) -> str:
    """What is wrong, for the terminal."""
    lines = []
    for kind, sentences in verdict.found.items():
        lines.append(f"{kind}: {verdict.counts[kind]}")
        lines += [f"    {sentence}" for sentence in sentences]
    return "\n".join(lines) or "nothing is wrong"
