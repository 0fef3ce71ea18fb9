"""A charger as a Locust user: one greenlet that connects, boots, reports, beats, answers, and comes back when cut off.

Its statuses fall due by the clock of its story, whether the server is quick or slow. One that falls due while the
charger still waits for an answer is measured from when it was due, so a slow server cannot hide behind its own slowness
(coordinated omission). How far the generator itself lags behind the clock is measured apart, as BEHIND.
"""

import math
from random import Random
from time import perf_counter, time
from typing import Any, ClassVar

import gevent
from locust import User, task

from loadtest.chargers.backoff import backoff_s
from loadtest.chargers.connector import Connector
from loadtest.chargers.dialects import DIALECTS
from loadtest.chargers.station import Call, Station
from loadtest.chargers.timestamp import timestamp
from loadtest.stream.sightings import Expected
from loadtest.swarm.entries import BEHIND, HANDSHAKE, LOST
from loadtest.swarm.users.measure import measured
from loadtest.swarm.users.ocpp_client import Broken, CallFailed, OcppClient, Refused
from loadtest.swarm.users.site import Site

REBOOTS_WITHIN_S = 2.0
LOOKS_AGAIN_S = 3_600.0
STAYS_UP_S = 30.0  #: a connection that lasted so long was a good one: the next wait is short again


class Charger(User):
    """One charger. `site` is set before any is made."""

    site: ClassVar[Site]

    def on_start(self) -> None:
        plan = self.site.plan
        number = self.site.roll.take()
        self.identity = plan.fleet.charge_point(number)
        self.station: Station = DIALECTS[plan.dialects[number % len(plan.dialects)]](self.identity, plan.seed)
        self.station.begin(perf_counter(), plan.rate / plan.fleet.size / self.station.changes_per_s)
        self.watched = self.identity in self.site.watched
        self.network = Random(f"{plan.seed} {self.identity} network")
        self.client: OcppClient | None = None
        self.failures = 0
        self.interval_s: float | None = None  # between heartbeats; None: not booted
        self.beat_at = math.inf
        # a user too many (Locust starts others for those of a lost worker) stays away for ever
        self.connect_at = perf_counter() if number < plan.fleet.size else math.inf
        self.up_since = self.free_since = math.inf
        self.cut_off = False  # by us
        self.site.storm.cuts.add(self.cut)

    def on_stop(self) -> None:
        """Wait for what has been promised, then hang up."""
        self.site.storm.cuts.discard(self.cut)
        self.site.witness.settle(self.identity)
        self._hang_up()

    @task
    def live(self) -> None:
        """One thing that is due."""
        try:
            if self.client:
                self._do_due()
            elif self.connect_at <= perf_counter():
                self._connect()
        except CallFailed:
            self._come_back_later()

    def wait_time(self) -> float:
        """Until something is due, served to the server: Locust may end us here, and nothing is left to sleep."""
        try:
            while (left_s := self._due_at() - perf_counter()) > 0:
                if self.client is None:
                    gevent.sleep(min(left_s, LOOKS_AGAIN_S))
                else:
                    self.client.listen(perf_counter() + left_s)
        except Broken as lost:
            if not self.cut_off:
                measured(self, self.station.dialect, LOST, 0, lost)
            self._come_back_later()
        return 0.0

    def cut(self) -> None:
        """Lose the connection, as in a network failure that hits many; called from another greenlet."""
        self.cut_off = True
        if self.client and self.free_since < math.inf:
            self.client.abort()

    def _due_at(self) -> float:
        if self.client is None:
            return self.connect_at
        if self.station.errands or self.cut_off:
            return 0.0
        return min(self.beat_at, min(connector.due for connector in self.station.connectors))

    def _connect(self) -> None:
        self.cut_off = False
        began = perf_counter()
        plan = self.site.plan
        try:
            self.client = OcppClient(
                plan.gateway, self.identity, self.station.dialect, self._answer, within_s=plan.answer_within_s
            )
        except Broken as refused:
            measured(self, self.station.dialect, HANDSHAKE, perf_counter() - began, refused)
            raise
        measured(self, self.station.dialect, HANDSHAKE, perf_counter() - began)
        self.station.errands.clear()
        if self.interval_s is None:
            self._boot()
        for connector in self.station.connectors:
            if connector.acknowledged != connector.status:
                self._report(connector)
        self.up_since = self.free_since = perf_counter()

    def _boot(self) -> None:
        answer = self._ask(self.station.boot(), wanted="Accepted")
        if answer is None:
            raise Refused
        self.interval_s = float(answer.get("interval") or 300)
        self.beat_at = perf_counter() + self.network.random() * self.interval_s  # not all of a fleet at once
        for connector in self.station.connectors:
            connector.acknowledged = None  # who boots reports everything

    def _do_due(self) -> None:
        now = perf_counter()
        connector = min(self.station.connectors, key=lambda c: c.due)
        if self.cut_off:
            raise Broken
        if self.station.errands:
            match self.station.errands.popleft():
                case "reboot":
                    self._hang_up()
                    self.interval_s = None
                    self.connect_at = now + self.network.uniform(0.5, 1) * REBOOTS_WITHIN_S
                    return
                case Call() as call:
                    self._ask(call)
                case connector:
                    self._report(connector)
        elif connector.due <= now:
            due = connector.due
            connector.step(self.station.pace, now)
            if connector.acknowledged != connector.status:
                if self.watched:
                    measured(self, *BEHIND, now - max(due, self.free_since))
                self._report(connector, due if self.up_since <= due < self.free_since else now)
        elif self.beat_at <= now and self.interval_s:
            self.beat_at = now + self.interval_s
            self._ask(self.station.heartbeat())
        self.free_since = perf_counter()

    def _report(self, connector: Connector, began: float | None = None) -> None:
        """Send its status; with `began`, from which it counts, it is a change and is to be seen in the API."""
        reported_at = int(time() * 1000) / 1000
        status = connector.status
        call = self.station.status(connector, timestamp(reported_at))
        connector.acknowledged = None  # until the answer, nobody knows what the server has
        place = (self.identity, connector.evse_id, connector.connector_id)
        expected: Expected | None = None
        if self.watched and began is not None:
            expected = self.site.witness.expect(place, reported_at, began)
        answer = None
        try:
            answer = self._ask(call, began)
        finally:
            if answer is None and expected:
                self.site.witness.forget(place, expected)
        connector.acknowledged = None if answer is None else status

    def _ask(self, call: Call, began: float | None = None, wanted: str | None = None) -> dict[str, Any] | None:
        """The answer to a CALL, measured from `began` or from now; None if it is refused or its status is not `wanted`.

        Raises:
            Broken
        """
        began = perf_counter() if began is None else began
        assert self.client
        self.free_since = math.inf
        within_s, stopped = self.site.plan.answer_within_s, None
        try:
            message_id = self.client.ask(call)
            try:
                answer = self.client.answer(message_id, within_s)
            except gevent.GreenletExit as stop:  # Locust took us for waiting; what was asked is still answered
                stopped = stop
                answer = self.client.answer(message_id, within_s)
            if wanted and answer.get("status") != wanted:
                raise Refused(f"answered {answer.get('status')}")
        except (CallFailed, gevent.GreenletExit) as failed:
            error = failed if isinstance(failed, CallFailed) else Broken("unanswered at the end")
            measured(self, self.station.dialect, call.action, perf_counter() - began, error)
            if isinstance(failed, Refused):
                return None
            raise
        measured(self, self.station.dialect, call.action, perf_counter() - began)
        if stopped:
            raise stopped
        return answer

    def _answer(self, call: Call) -> dict[str, Any] | None:
        return self.station.answer(call, timestamp(time()))

    def _come_back_later(self) -> None:
        self._hang_up()
        now = perf_counter()
        self.failures = 0 if self.cut_off or now - self.up_since > STAYS_UP_S else self.failures + 1
        self.connect_at = now + backoff_s(self.failures, self.network)

    def _hang_up(self) -> None:
        if self.client:
            self.client.close()
        self.client = None
