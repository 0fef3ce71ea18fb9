"""One connector of a simulated charger: where its story stands, and what the server knows of it."""

import math
from dataclasses import dataclass

from loadtest.cycle import IN_USE, NO_FAULT, Fault, Story


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
