"""What the users of one process share."""

from locust.env import Environment

from loadtest.swarm.entries import VISIBLE
from loadtest.swarm.scenario.plan import Plan
from loadtest.swarm.stream.witness import NotVisible, Witness
from loadtest.swarm.users.measure import measured
from loadtest.swarm.users.roll import Roll
from loadtest.swarm.users.storm import Storm


class Site:
    """One process's part in a load test."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.roll = Roll(environment)
        self.witness = Witness(self._saw)
        self.storm = Storm(environment)

    def begin(self) -> None:
        """Take the plan from the options, which a worker has got from its leader by now, and watch."""
        assert self.environment.parsed_options
        self.plan = Plan.of(self.environment.parsed_options)
        watched = self.plan.fleet.watched
        self.watched = frozenset(watched)
        self.witness.watch(self.plan.api, self.plan.read_token, watched, self.plan.visible_within_s)

    def _saw(self, took_s: float, failure: NotVisible | None) -> None:
        measured(self, *VISIBLE, took_s, failure)
