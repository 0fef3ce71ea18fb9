"""Leads a load test as Locust's shape: creates the fleet, raises the load, calls the storm, lets all users go, judges.

It runs in the leading process alone. Users go before Locust stops, because Locust waits half a second for workers then
and would lose what their users have still to say.
"""

import logging
from typing import Any

from locust import LoadTestShape
from locust.env import Environment
from locust.runners import MasterRunner

from loadtest.swarm.inventory import Inventory, InventoryFailed
from loadtest.swarm.scenario.options import STOPS_WITHIN_S
from loadtest.swarm.scenario.plan import Plan
from loadtest.swarm.scenario.target import NOT_RUN
from loadtest.swarm.users.charger import Charger
from loadtest.swarm.users.reader import Reader, StreamReader
from loadtest.swarm.users.site import Site
from loadtest.swarm.users.storm import STORM
from loadtest.swarm.verdict.marks import Mark, judge, table
from loadtest.swarm.verdict.report import Report
from loadtest.swarm.verdict.timeline import Timeline

PASSED, FAILED = 0, 1
REPORTS_WITHIN_S = 3.0  #: a worker, for the last time
STREAM_READERS = 0.2  #: of the readers

log = logging.getLogger("loadtest")


class Conductor(LoadTestShape):
    """One after the other, as often as the web interface starts one."""

    site: Site  #: of this process
    verdict = ""  #: of the last one, for people
    _timeline: Timeline | None = None
    _storm_waits = False
    _alone_since: float | None = None

    def tick(self) -> Any:
        """Called every second; None ends the test."""
        if self._timeline is None:
            try:
                self._begin()
            except InventoryFailed as failed:
                self._cannot(str(failed))
                return None
        timeline, plan = self._timeline, self._plan
        assert timeline
        stage = plan.ramp.stage(timeline.passed_s)
        timeline.enter(stage.phase)
        if stage.phase == "plateau" and self._storm_waits and timeline.passed_s >= plan.ramp.storm_at_s:
            self._storm_waits = False
            print("  the storm: every charger is cut off", flush=True)
            self._runner.send_message(STORM, {})
        if stage.phase == "cool-down" and self._gone():
            return None
        return stage.users, stage.spawn_rate

    def finish(self, environment: Environment) -> None:
        """Judge, report and tidy up; also when the test was stopped early. Does nothing if there was none."""
        timeline, self._timeline = self._timeline, None
        if timeline is None:
            return
        timeline.end()
        if not self._plan.keep:
            self._tidy_up()
        seconds, plateau = timeline.plateau
        marks = judge(plateau, seconds, timeline.whole, self._plan.bounds, readers=self._plan.readers > 0)
        bugs = len(self._runner.exceptions)
        marks = [*marks, *([Mark("bugs of the load test itself", 0, bugs, "")] if bugs else [])]
        short = seconds < self._plan.ramp.plateau_s * 0.9
        passed = all(mark.passed for mark in marks) and not short
        environment.process_exit_code = PASSED if passed else FAILED
        try:
            files = Report(environment, self._plan, timeline, marks, passed=passed).write()
            reports = "reports: " + " ".join(str(file) for file in files)
        except OSError as error:
            reports = f"no reports: {error}; LOAD_REPORTS names the directory"
        cut_short = f"  cut short: a plateau of {seconds:.0f} s instead of {self._plan.ramp.plateau_s:g} s\n"
        self.verdict = (
            f"\n{table(marks)}\n{cut_short if short else ''}\n  {'passed' if passed else 'FAILED'}; {reports}"
        )
        if not environment.parsed_options or not environment.parsed_options.headless:
            print(self.verdict, flush=True)

    def _begin(self) -> None:
        environment = self._runner.environment
        assert environment.parsed_options
        plan = self._plan = Plan.of(environment.parsed_options)
        environment.host = plan.api
        streams = round(plan.readers * STREAM_READERS)
        Charger.weight, Reader.weight, StreamReader.weight = plan.fleet.size, plan.readers - streams, streams
        print(
            f"  {plan.fleet.size} chargers at {plan.gateway} with {plan.rate:g} statuses/s, {plan.readers} readers at "
            f"{plan.api}; {len(plan.fleet.watched)} chargers are watched end to end",
            flush=True,
        )
        Inventory(plan.api, plan.admin_token).create(plan.fleet)
        self.site.roll.begin()
        self._storm_waits = plan.storm
        self._alone_since = None
        self._runner.stats.clear_all()  # Locust does it at its start, which is later than our first sample
        self._timeline = Timeline(environment)

    def _gone(self) -> bool:
        """Whether all users are, and have had the time to report; or should have been long ago."""
        assert self._timeline
        now = self._timeline.passed_s
        ramp = self._plan.ramp
        if now > ramp.warm_up_s + ramp.ramp_s + ramp.plateau_s + STOPS_WITHIN_S:
            return True
        if self._runner.user_count:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        settles_within_s = REPORTS_WITHIN_S if isinstance(self._runner, MasterRunner) else 0.0
        return self._alone_since is not None and now - self._alone_since >= settles_within_s

    def _tidy_up(self) -> None:
        try:
            Inventory(self._plan.api, self._plan.admin_token).remove()
        except InventoryFailed as failed:
            log.warning("the stations of the load test are still there; the next one removes them: %s", failed)

    def _cannot(self, why: str) -> None:
        self._runner.environment.process_exit_code = NOT_RUN
        self.verdict = f"\n  the load test could not be run: {why}"

    @property
    def _runner(self) -> Any:
        assert self.runner
        return self.runner
