"""A queue of commands as tests work it off."""

from ingest.gateway.commands.queue import CommandQueue
from ingest.ocpp.commands import ChangeAvailability, Command, Reset, UnlockConnector
from ingest.ocpp.session import Answer

SETTLE_S = 45.0
RESET, UNLOCK = Reset("graceful"), UnlockConnector(1, 1)
OUT = ChangeAvailability(False, 0, 0, 7)


def take(queue: CommandQueue, now: float) -> Command | None:
    return queue.take((), (), now, None)


def answer(queue: CommandQueue, command: Command, now: float = 1, *, is_late: bool = False) -> None:
    queue.answered(Answer(command, "Accepted", None, is_late), now)
