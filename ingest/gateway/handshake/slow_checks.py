"""Password checks that take tens of milliseconds: a few at a time on threads that give way to the event loop.

What waits is bounded, addresses take turns, and whose socket is gone is left out. When too many wait, the
address that has most of them waiting loses its last one.
"""

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from shared.credentials import passwords

AT_ONCE = 2  #: each takes a core and 16 MB
WAITING = 64  #: of 50-80 ms each, so that the last one is checked within half of the handshake's time
_NICENESS = 10


class Overloaded(Exception):
    """Too many checks wait, or the gateway stops."""


class Gone(Exception):
    """The socket was closed before its turn came."""


@dataclass(slots=True, eq=False)
class _Check:
    stored: str
    presented: bytes
    is_gone: Callable[[], bool]
    done: asyncio.Future[bool]


class SlowChecks:
    """Checks passwords for one gateway."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "password", _give_way)
        self._waiting: dict[str, deque[_Check]] = {}  # by address, in the order of their turns
        self._running = 0
        self._is_closed = False

    async def matches(self, stored: str, presented: bytes, address: str, is_gone: Callable[[], bool]) -> bool:
        """Whether the presented password is the stored one.

        Raises:
            Overloaded, Gone
        """
        self._make_room(address)
        check = _Check(stored, presented, is_gone, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(address, deque()).append(check)
        self._run()
        return await check.done

    def close(self) -> None:
        """Whoever waits gets ``Overloaded``, and whoever comes."""
        self._is_closed = True
        for checks in self._waiting.values():
            for check in checks:
                _fail(check, Overloaded())
        self._waiting.clear()
        self._threads.shutdown(wait=False)

    def _make_room(self, address: str) -> None:
        if self._is_closed:
            raise Overloaded
        if self._full():
            for checks in list(self._waiting.values()):
                for check in [one for one in checks if one.is_gone()]:
                    checks.remove(check)
                    _fail(check, Gone())
            self._waiting = {key: checks for key, checks in self._waiting.items() if checks}
        if self._full():
            most = max(self._waiting.values(), key=len)
            if len(most) <= len(self._waiting.get(address, ())) + 1:
                raise Overloaded
            _fail(most.pop(), Overloaded())

    def _full(self) -> bool:
        return sum(map(len, self._waiting.values())) >= WAITING

    def _run(self) -> None:
        while self._running < AT_ONCE and self._waiting:
            address = next(iter(self._waiting))
            checks = self._waiting.pop(address)
            check = checks.popleft()
            if checks:
                self._waiting[address] = checks
            if check.done.done() or check.is_gone():
                _fail(check, Gone())
                continue
            self._running += 1
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(self._threads, passwords.matches, check.stored, check.presented)
            running.add_done_callback(partial(self._ran, check))

    def _ran(self, check: _Check, running: asyncio.Future[bool]) -> None:
        self._running -= 1
        if not check.done.done():
            if error := running.exception():
                check.done.set_exception(error)
            else:
                check.done.set_result(running.result())
        self._run()


def _fail(check: _Check, error: Exception) -> None:
    if not check.done.done():
        check.done.set_exception(error)


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere a thread's id is no process's
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
