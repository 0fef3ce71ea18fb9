"""What several tests of a gateway's parts stand on."""

import pytest

from ingest.gateway.commands.queue import CommandQueue
from tests.unit.ingest.gateway.queues import SETTLE_S


@pytest.fixture
def queue() -> CommandQueue:
    """Of a charger that has said something."""
    queue = CommandQueue(0, SETTLE_S, is_2x=False)
    queue.heard()
    return queue
