"""How a connector is used: which status follows which, and how long each lasts. Pure.

The means are believable for public charging (OCPP 1.6 §4.9 for the transitions); the simulator
runs the story at a faster pace to reach the rate that was asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a status lasts on average (s), and what follows with which weight."""

    mean_s: float
    then: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in the words of OCPP 1.6 §6.17 and of the vendor."""

    error_code: str = "NoError"
    vendor_error_code: str | None = None
    info: str | None = None


Cycle = Mapping[str, Stay]

CYCLE_16: Cycle = {
    "Available": Stay(900, {"Preparing": 93, "Reserved": 2, "Unavailable": 2, "Faulted": 3}),
    "Reserved": Stay(300, {"Preparing": 8, "Available": 2}),
    "Preparing": Stay(30, {"Charging": 95, "Available": 5}),
    "Charging": Stay(1800, {"SuspendedEV": 60, "SuspendedEVSE": 10, "Finishing": 27, "Faulted": 3}),
    "SuspendedEV": Stay(900, {"Finishing": 85, "Charging": 15}),
    "SuspendedEVSE": Stay(120, {"Charging": 100}),
    "Finishing": Stay(120, {"Available": 100}),
    "Unavailable": Stay(600, {"Available": 100}),
    "Faulted": Stay(1200, {"Available": 100}),
}
CYCLE_2X: Cycle = {
    "Available": Stay(900, {"Occupied": 93, "Reserved": 2, "Unavailable": 2, "Faulted": 3}),
    "Reserved": Stay(300, {"Occupied": 8, "Available": 2}),
    "Occupied": Stay(2700, {"Available": 97, "Faulted": 3}),
    "Unavailable": Stay(600, {"Available": 100}),
    "Faulted": Stay(1200, {"Available": 100}),
}
IN_USE = frozenset({"Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Occupied"})

NO_FAULT = Fault()
FAULTS = (
    Fault("GroundFailure", "E-0107", "Residual current above 6 mA DC"),
    Fault("ConnectorLockFailure", "E-0211", "Lock motor did not reach its end"),
    Fault("OverCurrentFailure", "E-0031", "Phase L2 above limit"),
    Fault("HighTemperature", "E-0145", "Plug contact 91 Celsius"),
    Fault("PowerMeterFailure", "E-0302"),
    Fault("ReaderFailure"),
    Fault("OtherError", "E-0999", "Emergency stop pressed"),
)
WARNINGS = (Fault("WeakSignal", info="RSSI -108 dBm"), Fault("EVCommunicationError", "W-0012", "PWM out of range"))
WARNING_CHANCE = 0.01


class Story:
    """The life of one connector, found somewhere in its middle."""

    def __init__(self, cycle: Cycle, rng: Random) -> None:
        self.cycle = cycle
        self.rng = rng
        self.status = "Available"
        self.fault = NO_FAULT
        self.rest_s = -rng.uniform(20_000, 60_000)  #: how much longer the status lasts
        while self.rest_s < 0:
            self.rest_s += self.step()

    def step(self) -> float:
        """Go on to the next status; returns how long that will last (s)."""
        then = self.cycle[self.status].then
        (self.status,) = self.rng.choices(list(then), list(then.values()))
        self.fault = self._fault()
        return self.rng.gammavariate(2, self.cycle[self.status].mean_s / 2)

    def _fault(self) -> Fault:
        if self.status == "Faulted":
            return self.rng.choice(FAULTS)
        return self.rng.choice(WARNINGS) if self.rng.random() < WARNING_CHANCE else NO_FAULT


def mean_stay_s(cycle: Cycle) -> float:
    """How long a status lasts on average over a long life (s)."""
    story = Story(cycle, Random(0))
    return fmean(story.step() for _ in range(5_000))
