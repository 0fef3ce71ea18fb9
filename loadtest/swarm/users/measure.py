"""Entering a measurement in Locust's statistics."""

from typing import Protocol

from locust.env import Environment


class InEnvironment(Protocol):
    environment: Environment


def measured(of: InEnvironment, kind: str, name: str, took_s: float, failure: Exception | None = None) -> None:
    """One of the entry `kind`, `name` (loadtest.swarm.entries) took so long, and failed if there is a failure."""
    of.environment.events.request.fire(
        request_type=kind, name=name, response_time=took_s * 1000, response_length=0, exception=failure, context={}
    )
