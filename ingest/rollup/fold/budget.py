"""CPU time that the pure part of one transaction may take, looked at between events. Pure: the clock is an argument."""

from collections.abc import Callable

#: s. A transaction holds the rows that API writers and the sweep wait for, and 5,000 events of usual chargers take a
#: fifth of this; so a machine five times slower halves nothing, and nobody waits for long behind what is costlier.
CPU_S = 1.0


class Costly(Exception):
    """It took more CPU time than one transaction may."""


class Budget:
    """What is left of it, since ``start``."""

    def __init__(self, cpu_s: Callable[[], float], most_s: float = CPU_S) -> None:
        self._cpu_s = cpu_s  #: CPU time of this thread (s); a wall clock would blame a record for a busy machine
        self._most_s = most_s
        self._until = 0.0
        self.start()

    def start(self) -> None:
        """From here on it counts: right before work that awaits nothing."""
        self._until = self._cpu_s() + self._most_s

    def check(self) -> None:
        """Raises Costly once it is spent."""
        if self._cpu_s() > self._until:
            raise Costly(f"more than {self._most_s:g} s of CPU time")
