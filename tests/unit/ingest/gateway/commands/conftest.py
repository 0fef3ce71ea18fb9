"""A queue of commands, for the tests of what is in it."""

import pytest

from ingest.gateway.commands.queue import CommandQueue
from tests.unit.ingest.gateway.commands.queues import SETTLE_S


@pytest.fixture
def queue() -> CommandQueue:
    """Of a charger that has said something."""
    queue = CommandQueue(0, SETTLE_S, is_2x=False)
    queue.heard()
    return queue
