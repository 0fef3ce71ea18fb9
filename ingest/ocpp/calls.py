"""Our CALLs on one connection: their ids, the one that is outstanding, and those whose answers may still come. Pure.

OCPP allows one CALL at a time (OCPP-J §4.1.1). One that was given up is not forgotten: what a slow charger
says to it later is still what it did.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from ingest.ocpp.commands import Command

T = TypeVar("T")

GIVEN_UP = 8  #: so many are remembered


class Busy(Exception):
    """A command is outstanding, or too many wait."""


class Call(NamedTuple):
    """A CALL of ours."""

    id: str
    action: str
    command: Command


class Calls:
    """Of the session with this epoch."""

    __slots__ = ("_epoch", "_given_up", "_sent", "outstanding")

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch
        self._sent = 0
        self._given_up: tuple[Call, ...] = ()
        self.outstanding: Call | None = None

    def send(self, command: Command, encode: Callable[[Command, int], tuple[str, T]]) -> tuple[str, str, T]:
        """Id, action and payload of a new CALL, which is outstanding now; ``encode`` gets its number.

        Raises:
            Busy: another one is outstanding.
        """
        if self.outstanding is not None:
            raise Busy(f"{type(self.outstanding.command).__name__} is outstanding: await its answer, or give it up")
        self._sent += 1
        action, payload = encode(command, self._sent)
        self.outstanding = Call(f"{self._epoch}-{self._sent}", action, command)
        return self.outstanding.id, action, payload

    def give_up(self) -> None:
        """Another one may be sent; an answer to the outstanding one is late from now on."""
        if self.outstanding is not None:
            self._given_up = (*self._given_up, self.outstanding)[-GIVEN_UP:]
            self.outstanding = None

    def answered(self, message_id: str) -> tuple[Call, bool] | None:
        """What an answer is to, once, and whether it is late; None for what was never asked.

        Of several tries of one command the answer to the newest counts: one to an older try comes too late then.
        """
        sent = (*self._given_up, self.outstanding) if self.outstanding is not None else self._given_up
        for at, call in enumerate(sent):
            if call.id == message_id:
                is_late = call is not self.outstanding
                self._given_up = tuple(
                    one for n, one in enumerate(self._given_up) if n > at or (n < at and one.command != call.command)
                )
                if not is_late:
                    self.outstanding = None
                return call, is_late
        return None
