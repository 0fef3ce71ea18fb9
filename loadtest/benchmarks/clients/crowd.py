"""A crowd of minimal chargers against one server: as fast as it answers, or at a rate by a clock."""

import asyncio
import contextlib
import resource
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from loadtest.benchmarks.clients.charger import BOOT, Charger

ONLY_16 = ("Sec-WebSocket-Protocol: ocpp1.6",)
SPARE_FILES = 500  #: for what the generator itself opens
ENDS_WITHIN_S = 300


def bearable(chargers: int, *, crowds: int = 1, beside: int = 0) -> tuple[int, list[str]]:
    """How many of so many chargers the limit of open files allows, and what to say of it.

    The limit is raised as far as it may be. ``beside`` are other connections.
    """
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = (hard - SPARE_FILES - beside) // crowds
    if chargers <= most:
        return chargers, []
    return most, [f"{most:,} chargers in the place of {chargers:,}: no more than {hard:,} files may be open"]


def _only_16(_: str) -> Sequence[str]:
    return ONLY_16


@dataclass
class Paced:
    """What a run at a rate came to."""

    sent: int = 0
    behind_s: list[float] = field(default_factory=list)  #: of the generator's clock, a status
    answers: list[tuple[float, float]] = field(default_factory=list)  #: when each fell due, and how long it took (s)


class Crowd:
    """Many chargers; ``headers`` gives those of an id's handshake."""

    def __init__(self, port: int, headers: Callable[[str], Sequence[str]] = _only_16) -> None:
        self._port = port
        self._headers = headers
        self._all_up = asyncio.Event()
        self._rested = asyncio.Event()
        self._wanted = self._up = self._left = self._busy = 0
        self._say: Callable[[Charger], object] = Charger.next_status
        self._then: Callable[[Charger], None] = self._next_or_rest
        self.chargers: list[Charger] = []
        self._closing = False
        self.paced = Paced()  #: of the run that goes on, or the last
        self.losses = 0  #: sockets that ended before they were closed here

    async def connect(self, identities: Sequence[str], at_once: int = 100) -> None:
        """Opens their connections, ``at_once`` at a time."""
        loop = asyncio.get_running_loop()
        for start in range(0, len(identities), at_once):
            some = [Charger(self, one, tuple(self._headers(one))) for one in identities[start : start + at_once]]
            self._wanted, self._up = len(some), 0
            self._all_up.clear()
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                for charger in some:
                    group.create_task(
                        loop.create_connection(lambda charger=charger: charger, "127.0.0.1", self._port)  # type: ignore[misc]
                    )
                await self._all_up.wait()
            self.chargers += some

    async def boot(self) -> None:
        """Each boots and says its status, so that nobody has to ask for it later."""
        await self.run(len(self.chargers), lambda charger: charger.say(BOOT))
        await self.run(len(self.chargers))

    async def run(
        self,
        calls: int,
        say: Callable[[Charger], object] = Charger.next_status,
        among: Sequence[Charger] | None = None,
    ) -> float:
        """Has so many CALLs sent and answered, one in flight a charger; returns the seconds it took."""
        self._say, self._then = say, self._next_or_rest
        self._left, self._busy = calls, 0
        self._rested.clear()
        started = time.monotonic()
        for charger in (among or self.chargers)[:calls]:
            self._left -= 1
            self._busy += 1
            say(charger)
        async with asyncio.timeout(ENDS_WITHIN_S):
            await self._rested.wait()
        return time.monotonic() - started

    async def pace(
        self,
        rate: float,
        seconds: float,
        among: Sequence[Charger] | None = None,
        say: Callable[[Charger, float], object] = lambda charger, _: charger.next_status(),
    ) -> Paced:
        """Statuses at random times, ``rate`` a second; ``say`` is given the charger and when it was due.

        An open load: one that falls due while its charger waits for an answer counts from when it was due.
        """
        paced, rng = Paced(), Random(1)
        self.paced = paced
        among = among or self.chargers
        since: dict[Charger, float] = {}

        def send(charger: Charger, due: float) -> None:
            since[charger] = due
            paced.sent += 1
            say(charger, due)

        def then(charger: Charger) -> None:
            if (due := since.pop(charger, None)) is not None:
                paced.answers.append((due - began, time.perf_counter() - due))
            if charger.due:
                send(charger, charger.due.popleft())

        self._then = then
        began = due = time.perf_counter()
        ends = began + seconds
        while (due := due + rng.expovariate(rate)) < ends:
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            charger = rng.choice(among)
            if charger.in_flight:
                charger.due.append(due)
            else:
                paced.behind_s.append(time.perf_counter() - due)
                send(charger, due)
        async with asyncio.timeout(ENDS_WITHIN_S):
            while since:
                await asyncio.sleep(0.005)
        return paced

    def close(self) -> None:
        """Drops every socket."""
        self._closing = True
        for charger in self.chargers:
            charger.cut()

    def upgraded(self, charger: Charger) -> None:
        """A charger is in."""
        self._up += 1
        if self._up == self._wanted:
            self._all_up.set()

    def answered(self, charger: Charger) -> None:
        """A charger got its reply."""
        self._then(charger)

    def lost(self, charger: Charger) -> None:
        """A socket that was not to end."""
        self.losses += not self._closing

    def _next_or_rest(self, charger: Charger) -> None:
        if self._left > 0:
            self._left -= 1
            self._say(charger)
        else:
            self._busy -= 1
            if self._busy == 0:
                self._rested.set()


def named(n: int, prefix: str = "BENCH") -> list[str]:
    """Identities."""
    return [f"{prefix}-{i:05d}" for i in range(n)]


@contextlib.asynccontextmanager
async def crowd(port: int, n: int, headers: Sequence[str] = ONLY_16) -> AsyncIterator[Crowd]:
    """``n`` connected chargers."""
    chargers = Crowd(port, lambda identity: headers)
    await chargers.connect(named(n))
    try:
        yield chargers
    finally:
        chargers.close()
