"""Waiting for what must come: polls to a deadline. What cannot be asked yet, since a part is away, is not yet."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

from shared.stores import hot, postgres

WITHIN_S = 30.0
POLL_S = 0.02
LONG_POLL_S = 0.2  #: of what starts a process, or asks another server
AWAY = (*postgres.AWAY, *hot.AWAY)


class Wait:
    """Until when, and what stood against it last."""

    def __init__(self, what: object, within_s: float) -> None:
        self._what = what
        self._within_s = within_s
        self._deadline = time.monotonic() + within_s
        self.last = ""

    def goes_on(self) -> None:
        """Fails the test once it has lasted too long."""
        assert time.monotonic() < self._deadline, f"not within {self._within_s:g} s: {self._what} {self.last}"


async def eventually(happens: Callable[[], object], within_s: float = WITHIN_S) -> Any:
    """Polls until it gives something true (or a coroutine that does), and gives that."""
    wait = Wait(happens, within_s)
    while True:
        try:
            found = happens()
            if found := await found if inspect.isawaitable(found) else found:
                return found
        except AWAY as error:
            wait.last = repr(error)
        wait.goes_on()
        await asyncio.sleep(POLL_S)


def until(happens: Callable[[], object], within_s: float = WITHIN_S, what: str = "") -> Any:
    """The same where there is no loop, of what may also not be said whole yet; ``what`` should be."""
    wait = Wait(what or happens, within_s)
    while True:
        try:
            if found := happens():
                return found
        except (*AWAY, AssertionError, KeyError) as error:
            wait.last = repr(error)
        wait.goes_on()
        time.sleep(LONG_POLL_S)
