"""Exceptions that nobody expected: counted, and logged with a traceback once for each place they come from."""

import functools
import logging
import traceback
from collections.abc import Callable
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeVar, cast, get_args

from ingest.gateway.metrics import Metrics

log = logging.getLogger("plugwatch.gateway.faults")

Where = Literal["socket", "frame", "timer", "log", "command", "inventory", "trace", "handshake"]
_PLACES = 1_000

P = ParamSpec("P")


class Faults:
    """What went wrong in one process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        for where in get_args(Where):
            metrics.faults.labels(where)  # a counter that begins at 1 has not increased
        self._known: set[tuple[type[Exception], str]] = set()

    def happened(self, where: Where, error: Exception, told: str) -> None:
        """Counts it; ``told`` says what became of it."""
        self._metrics.faults.labels(where).inc()
        frames = traceback.extract_tb(error.__traceback__, limit=-1)
        place = type(error), f"{frames[0].filename}:{frames[0].lineno}" if frames else ""
        is_new = place not in self._known and len(self._known) < _PLACES
        if is_new:
            self._known.add(place)
        log.error(
            "an error in our own code; please report it",
            exc_info=error if is_new else None,
            extra={"so": told, "where": where, "error": repr(error)[:500], "place": place[1]},
        )


class Failing(Protocol):
    """What has callbacks that must not raise."""

    def failed(self, where: Where, error: Exception) -> None:
        """One of them did."""


F = TypeVar("F", bound=Failing)


def guarded(
    where: Where,
) -> Callable[[Callable[Concatenate[F, P], None]], Callable[Concatenate[F, P], None]]:
    """For what is called from outside: an exception is the object's own, and does not reach the caller."""

    def guard(method: Callable[Concatenate[F, P], None]) -> Callable[Concatenate[F, P], None]:
        @functools.wraps(method)
        def call(self: F, *args: P.args, **kwargs: P.kwargs) -> None:
            try:
                method(self, *args, **kwargs)
            except Exception as error:  # noqa: BLE001  whatever it is
                self.failed(where, error)

        return cast(Callable[Concatenate[F, P], None], call)

    return guard
