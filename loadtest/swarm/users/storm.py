"""The reconnect storm: at the leader's word every charger of this process loses its connection."""

from collections.abc import Callable

import gevent
from locust.env import Environment

STORM = "load-storm"
STORM_WITHIN_S = 1.0


class Storm:
    """Of one process."""

    def __init__(self, environment: Environment) -> None:
        self.cuts: set[Callable[[], None]] = set()  #: one a charger: what cuts it off
        assert environment.runner
        environment.runner.register_message(STORM, self._break_out)

    def _break_out(self, **_: object) -> None:
        cuts = list(self.cuts)
        for number, cut in enumerate(cuts):
            gevent.spawn_later(number / len(cuts) * STORM_WITHIN_S, cut)
