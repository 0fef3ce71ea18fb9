"""A simulated charging station: its connectors, what it says, how it answers. No socket, no clock. Pure.

The words of each dialect are in `loadtest.chargers.dialects`; the stories in `loadtest.chargers.cycle`.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, ClassVar, Literal

from loadtest.chargers.connector import Connector, switch
from loadtest.chargers.cycle import Cycle, mean_stay_s

VENDOR = "Simulated"


@dataclass(frozen=True, slots=True)
class Call:
    """What a CALL says, in either direction."""

    action: str
    payload: dict[str, Any]


Errand = Call | Connector | Literal["reboot"]
"""What a server's CALL leaves to be done once it is answered; a connector: report it."""


class Station(ABC):
    """One station. The same seed and identity make the same connectors with the same stories."""

    dialect: ClassVar[str]  #: the websocket sub-protocol
    cycle: ClassVar[Cycle]

    def __init__(self, identity: str, seed: int) -> None:
        self.identity = identity
        self.rng = Random(f"{seed} {identity}")
        self.connectors = self._equipment()
        self.errands: deque[Errand] = deque()

    @abstractmethod
    def _equipment(self) -> Sequence[Connector]:
        """What it has, in the order of reporting."""

    @abstractmethod
    def boot(self) -> Call: ...

    @abstractmethod
    def status(self, connector: Connector, at: str) -> Call:
        """What the connector says now; `at` is the time as OCPP writes it."""

    @abstractmethod
    def answer(self, call: Call, at: str) -> dict[str, Any] | None:
        """The answer to a CALL of the server, None if this is not implemented. What it leads to joins `errands`."""

    def heartbeat(self) -> Call:
        return Call("Heartbeat", {})

    @property
    def changes_per_s(self) -> float:
        """Over all connectors, at the pace of life."""
        return sum(connector.story is not None for connector in self.connectors) / _mean_stay_s(type(self))

    def begin(self, now: float, pace: float) -> None:
        """Let the stories run from `now` (s), `pace` times as fast as life; 0: they stand still."""
        self.pace = pace
        for connector in self.connectors:
            if connector.story and pace:
                connector.due = now + connector.story.rest_s / pace

    def _triggered(self, requested: str, connectors: Sequence[Connector]) -> str:
        match requested:
            case "StatusNotification" if not connectors:
                return "Rejected"
            case "StatusNotification":
                self.errands.extend(connectors)
            case "Heartbeat":
                self.errands.append(self.heartbeat())
            case "BootNotification":
                self.errands.append(self.boot())
            case _:
                return "NotImplemented"
        return "Accepted"

    def _switched(self, connectors: Sequence[Connector], operative: bool) -> str:
        status = switch(connectors, operative)
        self.errands.extend(c for c in connectors if c.acknowledged != c.status)
        return status

    def _reset(self) -> str:
        self.errands.append("reboot")
        return "Accepted"


@cache
def _mean_stay_s(kind: type[Station]) -> float:
    """Worked out once a dialect, not once a station."""
    return mean_stay_s(kind.cycle)
