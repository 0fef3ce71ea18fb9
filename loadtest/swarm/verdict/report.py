"""The reports of a load test: JSON for machines, Locust's own HTML, and a picture."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any

import locust
from locust.env import Environment
from locust.html import get_html_report
from locust.runners import MasterRunner

from loadtest.swarm.scenario.plan import Plan
from loadtest.swarm.verdict.figures import Figures, Moment
from loadtest.swarm.verdict.marks import Mark, of_the_system, reads, statuses, visible
from loadtest.swarm.verdict.timeline import Sample, Timeline

SCHEMA_VERSION = 1
SHARES = {"p50_ms": 0.5, "p90_ms": 0.9, "p95_ms": 0.95, "p99_ms": 0.99, "p999_ms": 0.999, "max_ms": 1.0}
SECRET = ("read_token", "admin_token")


class Report:
    """Of one load test that is over."""

    def __init__(
        self, environment: Environment, plan: Plan, timeline: Timeline, marks: Sequence[Mark], *, passed: bool
    ) -> None:
        self._environment = environment
        self._plan = plan
        self._timeline = timeline
        self._marks = marks
        self._passed = passed

    def write(self) -> list[Path]:
        """Writes all of them; returns the files."""
        directory = Path(self._plan.reports)
        directory.mkdir(parents=True, exist_ok=True)
        stem = directory / f"load-{datetime.fromtimestamp(time(), UTC):%Y%m%dT%H%M%SZ}"
        data, page = stem.with_suffix(".json"), stem.with_suffix(".html")
        data.write_text(json.dumps(self.document, indent=1, ensure_ascii=False) + "\n")
        page.write_text(get_html_report(self._environment, show_download_link=False))
        return [data, page, *self._picture(data)]

    def _picture(self, data: Path) -> list[Path]:
        try:
            from loadtest.swarm.verdict import chart
        except ImportError as missing:
            print(f"  no picture: {missing}")
            return []
        return [chart.draw(data)]

    @property
    def document(self) -> dict[str, Any]:
        seconds, plateau = self._timeline.plateau
        began = datetime.fromtimestamp(time() - self._timeline.passed_s, UTC)
        return {
            "schema_version": SCHEMA_VERSION,
            "began_at": began.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "passed": self._passed,
            "settings": self._settings,
            "machine": self._machine,
            "marks": [_mark(mark) for mark in self._marks],
            "plateau": {"seconds": round(seconds, 1), "entries": _entries(plateau, seconds)},
            "whole": {"entries": _entries(self._timeline.whole, self._timeline.passed_s)},
            "errors": [
                {"kind": error.method, "name": error.name, "error": str(error.error), "times": error.occurrences}
                for error in self._environment.stats.errors.values()
            ],
            "series": [_sampled(sample) for sample in self._timeline.samples],
        }

    @property
    def _settings(self) -> dict[str, Any]:
        plan = self._plan
        return {
            "gateway": plan.gateway,
            "api": plan.api,
            "chargers": plan.fleet.size,
            "watched": len(plan.fleet.watched),
            "readers": plan.readers,
            "rate_per_s": plan.rate,
            "dialects": list(plan.dialects),
            "seed": plan.seed,
            "warm_up_s": plan.ramp.warm_up_s,
            "ramp_s": plan.ramp.ramp_s,
            "plateau_s": plan.ramp.plateau_s,
            "storm_at_s": plan.ramp.storm_at_s if plan.storm else None,
            "answer_within_s": plan.answer_within_s,
            "visible_within_s": plan.visible_within_s,
        }

    @property
    def _machine(self) -> dict[str, Any]:
        """Of the leader; the workers may run elsewhere."""
        runner = self._environment.runner
        workers = list(runner.clients.values()) if isinstance(runner, MasterRunner) else []
        return {
            "cores": os.cpu_count(),
            "processor": _processor(),
            "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version(),
            "locust": locust.__version__,
            "load_average_before": self._timeline.load_before,
            "load_average_after": os.getloadavg(),
            "generators": len(workers) or 1,
        }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((one.partition(":")[2].strip() for one in lines if one.startswith("model name")), platform.machine())


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "name": mark.name,
        "bound": mark.bound,
        "at": "least" if mark.least else "most",
        "measured": None if mark.measured is None else round(mark.measured, 4),
        "unit": mark.unit,
        "passed": mark.passed,
    }


def _entries(moment: Moment, seconds: float) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "name": name, **_figures(figures, seconds)}
        for (kind, name), figures in sorted(moment.items())
        if figures.requests
    ]


def _figures(figures: Figures, seconds: float) -> dict[str, Any]:
    counts = {"requests": figures.requests, "failures": figures.failures}
    return counts | {
        "per_s": round(figures.requests / seconds, 2) if seconds else None,
        **{name: figures.percentile(share) for name, share in SHARES.items()},
    }


def _sampled(sample: Sample) -> dict[str, Any]:
    happened = sample.happened
    return {
        "at_s": round(sample.at, 1),
        "phase": sample.phase,
        "users": sample.users,
        "busiest_generator_cpu_percent": sample.busiest_cpu,
        "failures": of_the_system(happened).failures,
        "statuses": _figures(statuses(happened), sample.seconds),
        "end_to_end": _figures(visible(happened), sample.seconds),
        "reads": _figures(reads(happened), sample.seconds),
    }
