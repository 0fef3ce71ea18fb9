"""How many users there are when: a few to warm up, then ever more, then all, then none. Pure."""

from dataclasses import dataclass
from typing import Literal

Phase = Literal["warm-up", "ramp", "plateau", "cool-down"]

WARM_SHARE = 0.1
MOST_A_SECOND = 100  #: Locust warns of more


@dataclass(frozen=True, slots=True)
class Stage:
    """What is to be so now."""

    phase: Phase
    users: int
    spawn_rate: float  #: users started or stopped a second on the way there


@dataclass(frozen=True, slots=True)
class Ramp:
    """Lengths in seconds; the plateau is what is measured."""

    users: int
    warm_up_s: float
    ramp_s: float
    plateau_s: float

    @property
    def storm_at_s(self) -> float:
        """When the reconnect storm is, if there is one: in the middle of the plateau."""
        return self.warm_up_s + self.ramp_s + self.plateau_s / 2

    def stage(self, passed_s: float) -> Stage:
        """The stage after so many seconds; the cool-down has no end here, it is over when all users are."""
        few = max(1, round(self.users * WARM_SHARE))
        if passed_s < self.warm_up_s:
            return Stage("warm-up", few, few)
        if passed_s < self.warm_up_s + self.ramp_s:
            return Stage("ramp", self.users, max(1.0, self.users / self.ramp_s))
        if passed_s < self.warm_up_s + self.ramp_s + self.plateau_s:
            return Stage("plateau", self.users, max(1.0, self.users / max(1.0, self.ramp_s)))
        return Stage("cool-down", 0, max(1.0, min(MOST_A_SECOND, self.users), self.users / 10))
