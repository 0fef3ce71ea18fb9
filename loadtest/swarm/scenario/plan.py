"""What is asked for: the options as everything else takes them. Pure."""

from argparse import Namespace
from dataclasses import dataclass

from loadtest.swarm.scenario.bounds import Bounds
from loadtest.swarm.scenario.fleet import Fleet
from loadtest.swarm.scenario.ramp import Ramp


@dataclass(frozen=True, slots=True)
class Plan:
    """One load test."""

    gateway: str
    api: str
    read_token: str
    admin_token: str
    fleet: Fleet
    readers: int
    rate: float  #: statuses a second over all chargers
    dialects: tuple[str, ...]
    seed: int
    ramp: Ramp
    storm: bool
    answer_within_s: float
    visible_within_s: float
    bounds: Bounds
    keep: bool
    reports: str

    @classmethod
    def of(cls, given: Namespace) -> "Plan":
        users = given.chargers + given.readers
        return cls(
            gateway=given.gateway,
            api=given.api,
            read_token=given.read_token,
            admin_token=given.admin_token,
            fleet=Fleet(given.chargers),
            readers=given.readers,
            rate=given.rate,
            dialects=tuple(given.dialects.split(",")),
            seed=given.seed,
            ramp=Ramp(users, given.warm_up, given.ramp, given.seconds),
            storm=given.storm,
            answer_within_s=given.answer_within,
            visible_within_s=given.visible_within,
            bounds=Bounds(
                failures=given.max_failures,
                ack_ms=given.max_ack_ms,
                read_ms=given.max_read_ms,
                visible_ms=given.max_visible_ms,
                behind_ms=given.max_behind_ms,
                rate=given.min_rate * given.rate,
            ),
            keep=given.keep,
            reports=given.reports,
        )
