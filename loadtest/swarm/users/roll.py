"""Which charger each user is: numbers handed out by the process that leads, so that no two of all workers share one.

Worker and leader talk by Locust's own messages; in a single process it is both.
"""

from itertools import count
from typing import Any

import gevent
from gevent.event import AsyncResult
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

WANTED, GIVEN = "load-number-wanted", "load-number-given"
ANSWERED_WITHIN_S = 10


class Roll:
    """The numbers of one process."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._given = count()
        self._asked = count()
        self._waiting: dict[int, AsyncResult[int]] = {}
        runner = environment.runner
        assert runner
        if not isinstance(runner, WorkerRunner):
            runner.register_message(WANTED, self._hand_out)
        if not isinstance(runner, MasterRunner):
            runner.register_message(GIVEN, self._receive)

    def begin(self) -> None:
        """Hand out from 0 again."""
        self._given = count()

    def take(self) -> int:
        """A number that nobody else has.

        Raises:
            RuntimeError: the leader does not answer.
        """
        asked = next(self._asked)
        answer = self._waiting[asked] = AsyncResult()
        runner = self._environment.runner
        assert runner
        try:
            runner.send_message(WANTED, {"asked": asked})
            return int(answer.get(timeout=ANSWERED_WITHIN_S))
        except gevent.Timeout as timeout:
            raise RuntimeError(f"the leading process gave no number within {ANSWERED_WITHIN_S} s") from timeout
        finally:
            del self._waiting[asked]

    def _hand_out(self, environment: Environment, msg: Any, **_: Any) -> None:
        assert environment.runner
        numbered = {"asked": msg.data["asked"], "number": next(self._given)}
        environment.runner.send_message(GIVEN, numbered, client_id=msg.node_id)

    def _receive(self, msg: Any, **_: Any) -> None:
        if waiting := self._waiting.get(msg.data["asked"]):
            waiting.set(msg.data["number"])
