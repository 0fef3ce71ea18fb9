"""The connectors of a simulated charger: where their stories stand, and what the server knows of them. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from loadtest.chargers.cycle import CYCLE_2X, CYCLE_16, IN_USE, NO_FAULT, Cycle, Fault, Story


@dataclass(slots=True)
class Connector:
    """A connector, or with `story` None the charger itself or a plug that nobody uses."""

    evse_id: int
    connector_id: int
    story: Story | None = None
    operative: bool = True
    due: float = math.inf  #: when the status changes, on the loop's clock
    acknowledged: str | None = None  #: status that the server acknowledged; None: nobody knows what it has

    @property
    def key(self) -> str:
        return f"{self.evse_id}:{self.connector_id}"

    @property
    def idle(self) -> bool:
        return self.story is None or self.story.status not in IN_USE

    @property
    def status(self) -> str:
        """What it reports; one that is switched off goes on until its car has left."""
        status = self.story.status if self.story else "Available"
        return "Unavailable" if self.idle and not self.operative and status != "Faulted" else status

    @property
    def fault(self) -> Fault:
        return self.story.fault if self.story else NO_FAULT

    def step(self, pace: float, now: float) -> None:
        """The next chapter of its story; one that is switched off waits."""
        if self.story is None:
            return
        resting = self.idle and not self.operative and self.story.status != "Faulted"
        stay_s = self.story.rest_s if resting else self.story.step()
        self.due = max(self.due + stay_s / pace, now)


def connectors_16(rng: Random) -> list[Connector]:
    """What a 1.6 charger has, in the order of reporting: connector 0, then n as EVSE n, connector 1."""
    plugs = range(1, rng.choice((1, 2, 2)) + 1)
    return [Connector(0, 0), *(Connector(n, 1, _story(CYCLE_16, rng)) for n in plugs)]


def connectors_2x(rng: Random, *, whole: bool) -> list[Connector]:
    """What a 2.x charger has; one EVSE serves one car, so its second connector has no story.

    `whole`: it reports itself, too.
    """
    connectors = [Connector(0, 0)] if whole else []
    for evse_id in range(1, rng.choice((1, 2, 2)) + 1):
        connectors.append(Connector(evse_id, 1, _story(CYCLE_2X, rng)))
        if rng.random() < 0.3:
            connectors.append(Connector(evse_id, 2))
    return connectors


def _story(cycle: Cycle, rng: Random) -> Story:
    return Story(cycle, Random(rng.random()))


def at(connectors: Iterable[Connector], evse_id: int, connector_id: int | None) -> list[Connector]:
    """Those at an address; EVSE 0 is all of the charger, connector None all of an EVSE."""
    return [c for c in connectors if evse_id == 0 or (c.evse_id == evse_id and connector_id in (None, c.connector_id))]


def switch(connectors: Sequence[Connector], operative: bool) -> str:
    """Switch on or off; returns the answer. A connector in use goes on until its car has left."""
    if not connectors:
        return "Rejected"
    for connector in connectors:
        connector.operative = operative
    return "Accepted" if operative or all(c.idle for c in connectors) else "Scheduled"
