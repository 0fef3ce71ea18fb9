"""Watches Locust's statistics while a load test runs: a sample every second, a line for people every five."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import cast

import gevent
from locust.env import Environment
from locust.runners import MasterRunner, Runner
from locust.stats import StatsEntry

from loadtest.swarm.entries import BEHIND
from loadtest.swarm.scenario.ramp import Phase
from loadtest.swarm.verdict.figures import NONE, Figures, Moment, between, joined
from loadtest.swarm.verdict.marks import of_the_system, reads, statuses, visible

SAMPLE_EVERY_S = 1.0
LINE_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What happened in the last second or so, `at` seconds after the beginning."""

    at: float
    seconds: float
    phase: Phase
    users: int
    busiest_cpu: float  #: % of a core that the busiest generator process uses, as of the last 5 s
    happened: Moment


class Timeline:
    """Of one load test, from its making to its `end`. The leader alone has one: it knows of all workers."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._began = perf_counter()
        self.load_before = os.getloadavg()
        self._plateau: tuple[float, Moment] | None = None
        self._plateau_over: tuple[float, Moment] | None = None
        self.samples: list[Sample] = []
        self.phase: Phase = "warm-up"
        self._greenlet = gevent.spawn(self._watch)

    def enter(self, phase: Phase) -> None:
        """The phase is another one from now on."""
        if phase == self.phase:
            return
        if phase == "plateau":
            self._plateau = (perf_counter(), self._now())
        elif self._plateau and not self._plateau_over:
            self._plateau_over = (perf_counter(), self._now())
        self.phase = phase

    def end(self) -> None:
        self.enter("cool-down")
        self._greenlet.kill()

    @property
    def passed_s(self) -> float:
        return perf_counter() - self._began

    @property
    def plateau(self) -> tuple[float, Moment]:
        """Its length in seconds, and what happened in it."""
        if self._plateau is None or self._plateau_over is None:
            return 0.0, {}
        (began, before), (over, after) = self._plateau, self._plateau_over
        return over - began, between(before, after)

    @property
    def whole(self) -> Moment:
        """What happened from the beginning until now."""
        return self._now()

    def _now(self) -> Moment:
        entries = self._environment.stats.entries.copy()
        return {(kind, name): _copied(entry) for (name, kind), entry in entries.items()}

    def _watch(self) -> None:
        earlier, at, told = self._now(), perf_counter(), 0
        while True:
            gevent.sleep(SAMPLE_EVERY_S)
            later, now = self._now(), perf_counter()
            runner = self._environment.runner
            assert runner
            happened = between(earlier, later)
            self.samples.append(
                Sample(now - self._began, now - at, self.phase, runner.user_count, busiest_cpu(runner), happened)
            )
            earlier, at = later, now
            since = self.samples[told:]
            if sum(sample.seconds for sample in since) >= LINE_EVERY_S:
                told = len(self.samples)
                print(line(since), flush=True)


def busiest_cpu(runner: Runner) -> float:
    """Near 100 % a generator is the bottleneck: it takes more processes, or more machines."""
    if isinstance(runner, MasterRunner):
        return max((worker.cpu_usage for worker in runner.clients.values()), default=0.0)
    return runner.current_cpu_usage


def _copied(entry: StatsEntry) -> Figures:
    times = cast(dict[float, int], dict(entry.response_times))  # buckets of our own, which need not be whole
    return Figures(entry.num_requests, entry.num_failures, times)


def line(samples: Sequence[Sample]) -> str:
    """What happened over some samples, for people."""
    last = samples[-1]
    seconds = sum(sample.seconds for sample in samples)
    happened = joined([sample.happened for sample in samples])
    acknowledged, read = statuses(happened), reads(happened)
    return (
        f"{last.at:5.0f} s  {last.phase:<9} {last.users:>5} users  "
        f"{acknowledged.successes / seconds:7.1f} statuses/s ack p99 {_ms(acknowledged)}  "
        f"end to end p50 {_ms(visible(happened), 0.5)} p99 {_ms(visible(happened))}  "
        f"{read.requests / seconds:6.1f} reads/s p99 {_ms(read)}  "
        f"{of_the_system(happened).failures} failures  "
        f"lag {_ms(happened.get(BEHIND, NONE))} cpu {last.busiest_cpu:3.0f} %"
    )


def _ms(figures: Figures, share: float = 0.99) -> str:
    ms = figures.percentile(share)
    return "   - ms" if ms is None else f"{ms:4.0f} ms"
