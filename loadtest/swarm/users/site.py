"""What the users of one process share."""

from typing import TYPE_CHECKING

import gevent
from locust.env import Environment

from loadtest.swarm.entries import VISIBLE
from loadtest.swarm.scenario.plan import Plan
from loadtest.swarm.stream.witness import NotVisible, Witness
from loadtest.swarm.users.measure import measured
from loadtest.swarm.users.roll import Roll

if TYPE_CHECKING:
    from loadtest.swarm.users.charger import Charger

STORM = "load-storm"
STORM_WITHIN_S = 1.0


class Site:
    """One process's part in a load test."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.roll = Roll(environment)
        self.witness = Witness(self._saw)
        self.chargers: set[Charger] = set()
        assert environment.runner
        environment.runner.register_message(STORM, self._storm)

    def begin(self) -> None:
        """Take the plan from the options, which a worker has got from its leader by now, and watch."""
        assert self.environment.parsed_options
        self.plan = Plan.of(self.environment.parsed_options)
        watched = self.plan.fleet.watched
        self.watched = frozenset(watched)
        self.witness.watch(self.plan.api, self.plan.read_token, watched, self.plan.visible_within_s)

    def _saw(self, took_s: float, failure: NotVisible | None) -> None:
        measured(self, *VISIBLE, took_s, failure)

    def _storm(self, **_: object) -> None:
        """Every charger of this process is cut off within a second."""
        chargers = list(self.chargers)
        for number, charger in enumerate(chargers):
            gevent.spawn_later(number / len(chargers) * STORM_WITHIN_S, charger.cut)
