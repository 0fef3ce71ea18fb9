"""Frames' records in the order in which they came, cut into batches by bytes. Pure."""

from collections import deque
from collections.abc import Callable, Sequence

BATCH_BYTES = 512 * 1024

OnDone = Callable[["Ticket"], None]


class Ticket:
    """The records of one frame on their way.

    ``on_done`` is called once: when all of them are durable, or are never going to be (``is_refused``).
    """

    __slots__ = ("at", "is_refused", "key", "on_done", "sent", "values")

    def __init__(self, key: bytes, values: Sequence[bytes], at: int, on_done: OnDone | None) -> None:
        self.key = key
        self.values = values
        self.at = at
        self.on_done = on_done
        self.is_refused = False
        self.sent = 0

    def withdraw(self) -> bool:
        """Takes the records back; False when some may be on the broker already."""
        self.on_done = None
        if self.sent:
            return False
        self.values = ()
        return True


Record = tuple[Ticket, bytes]
Records = Sequence[Record]


def next_batch(waiting: deque[Ticket]) -> tuple[list[Ticket], list[Record]]:
    """Takes what fits into one batch; a frame that does not fit whole goes on in the next."""
    tickets: list[Ticket] = []
    records: list[Record] = []
    room = BATCH_BYTES - 1024
    while waiting:
        ticket = waiting[0]
        for value in ticket.values[ticket.sent :]:
            room -= len(ticket.key) + len(value) + 32
            if room < 0 and records:
                break
            records.append((ticket, value))
            ticket.sent += 1
        if ticket.values:
            tickets.append(ticket)
        if ticket.sent < len(ticket.values):
            break
        waiting.popleft()
    return tickets, records
