"""A simulated charger: what all dialects share. State lives here, a connection is only borrowed.

Frames are made, matched and checked against the official schemas by the `ocpp` package; what the
charger says and how it answers commands is in the subclass of its dialect.
"""

import asyncio
import math
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from time import perf_counter, time
from typing import Any, TypeVar, cast
from urllib.parse import quote

import ocpp.messages
from ocpp.exceptions import OCPPError
from ocpp.routing import create_route_map, on
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from loadtest.chargers.backoff import LONGEST_S, backoff_s
from loadtest.chargers.connector import Connector, at, switch
from loadtest.chargers.cycle import Cycle
from loadtest.simulator.tally import Tally

ocpp.messages.ASYNC_VALIDATION = False  # a thread hop a message costs more than the check

ANSWER_WITHIN_S = 30.0  #: a server that takes longer is hung up on
REBOOT_S = 2.0
SHAKY_SHARE = 0.1  #: of the chargers vanish now and then
STAYS_AWAY_S = (5.0, 120.0)

Function = TypeVar("Function", bound=Callable[..., Any])
Errand = Callable[[], Awaitable[None]]


def answers(action: str) -> Callable[[Function], Function]:
    """The method answers this CALL of the server; `ocpp.routing.on` with its type."""
    return cast(Callable[[Function], Function], on(action))


class Charger(ABC):
    """One charger over all its connections. `identity` is the last part of its URL, before encoding."""

    subprotocol: str
    cycle: Cycle
    library: Any  #: the `ocpp` package's module of the dialect

    def __init__(
        self, url: str, identity: str, password: str | None, seed: int, vanish_every_s: float, tally: Tally
    ) -> None:
        self.identity = identity
        self.tally = tally
        self.address = f"{url.rstrip('/')}/{quote(identity, safe='')}"
        credentials = b64encode(f"{identity}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {credentials}"} if password else {}
        self.rng = Random(f"{seed} {identity}")
        self.network = Random(f"{seed} {identity} network")  # its own, so that timing does not change the story
        self.vanish_every_s = vanish_every_s if vanish_every_s and self.network.random() < SHAKY_SHARE else math.inf
        self.connectors = self.make_connectors()
        self.pace = 0.0
        self.interval_s: float | None = None  #: between heartbeats; None: not booted
        self.errands: asyncio.Queue[Errand | None] = asyncio.Queue()
        self.stopping = asyncio.Event()

    @abstractmethod
    def make_connectors(self) -> Sequence[Connector]:
        """What it has, in the order of reporting."""

    @abstractmethod
    def boot_request(self) -> Any: ...

    @abstractmethod
    def status_request(self, connector: Connector) -> Any: ...

    @property
    def plugs(self) -> list[Connector]:
        """The connectors that cars come to."""
        return [c for c in self.connectors if c.story]

    @property
    def expected(self) -> dict[str, str]:
        """Statuses the server acknowledged; a connector whose last report has no answer is not in it."""
        return {c.key: c.acknowledged for c in self.connectors if c.acknowledged is not None}

    def stop(self) -> None:
        """Finish the call under way and hang up."""
        self.stopping.set()
        self.errands.put_nowait(None)

    async def run(self, pace: float, after_s: float) -> None:
        """Connect after `after_s` and stay, with stories `pace` times as fast as life, until stopped."""
        self.pace = pace
        loop = asyncio.get_running_loop()
        for connector in self.connectors:
            if connector.story and pace:
                connector.due = loop.time() + after_s + connector.story.rest_s / pace
        failures = 0
        pause_s = after_s
        while not await self._stopped_within(pause_s):
            begun = loop.time()
            try:
                async with connect(
                    self.address,
                    subprotocols=[Subprotocol(self.subprotocol)],
                    additional_headers=self.headers,
                    user_agent_header=None,
                    compression=None,
                    ping_interval=None,
                    open_timeout=ANSWER_WITHIN_S,
                    close_timeout=2,
                    proxy=None,
                ) as socket:
                    pause_s = await self._session(socket)
            except* (OSError, TimeoutError, WebSocketException) as problems:
                self.tally.last_failure = repr(problems.exceptions[0])
                failures = 0 if loop.time() - begun > LONGEST_S else failures + 1
                pause_s = backoff_s(failures, self.network)

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        return self.stopping.is_set()

    async def _session(self, socket: ClientConnection) -> float:
        """One connection from its start to its end; returns how long to stay away (s)."""
        self.tally.connected += 1
        self.tally.ever_connected = True
        self.point = self.library.ChargePoint(self.identity, socket, response_timeout=ANSWER_WITHIN_S)
        self.point.route_map = create_route_map(self)
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(self.point.start())
                away_s = await self._live(socket)
                reading.cancel()
            return away_s
        finally:
            self.tally.connected -= 1

    async def _live(self, socket: ClientConnection) -> float:
        loop = asyncio.get_running_loop()
        if self.interval_s is None:
            await self.boot()
        else:
            await self.report(*(c for c in self.connectors if c.acknowledged != c.status))
        heard_at = loop.time()
        vanish_at = loop.time() + self.network.expovariate(1) * self.vanish_every_s
        while not self.stopping.is_set() and self.interval_s is not None:
            connector = min(self.connectors, key=lambda c: c.due)
            heartbeat_at = heard_at + self.interval_s
            errand = await self._errand_before(min(connector.due, heartbeat_at, vanish_at))
            if errand:
                await errand()
            elif loop.time() >= vanish_at:
                socket.transport.abort()
                return self.network.uniform(*STAYS_AWAY_S)
            elif loop.time() >= connector.due:
                connector.step(self.pace, loop.time())
                if connector.acknowledged != connector.status:
                    await self.report(connector)
            elif loop.time() >= heartbeat_at:
                await self.ask(self.library.call.Heartbeat())
            heard_at = loop.time()
        return REBOOT_S

    async def _errand_before(self, deadline: float) -> Errand | None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline if deadline < math.inf else None):
                return await self.errands.get()
        return None

    async def boot(self) -> None:
        """BootNotification until it is accepted, then every connector (1.6 errata §3.22, 2.x B01.FR.05)."""
        while answer := await self.ask(self.boot_request()):
            if answer.status == "Accepted":
                self.interval_s = answer.interval or 300
                return await self.report(*self.connectors)
            if await self._stopped_within(answer.interval or 60):
                return None

    async def report(self, *connectors: Connector) -> None:
        """Send the statuses, one after the other."""
        for connector in connectors:
            status = connector.status
            connector.acknowledged = None
            self.tally.sent += 1
            begun = perf_counter()
            if await self.ask(self.status_request(connector)) is not None:
                self.tally.answer_times_s.append(perf_counter() - begun)
                self.tally.answered += 1
                connector.acknowledged = status

    async def ask(self, request: Any) -> Any:
        """The server's answer, or None if that was a CALLERROR or not valid."""
        try:
            return await self.point.call(request, suppress=False)
        except OCPPError as error:
            self.tally.error(error)
            return None

    def find(self, evse_id: int, connector_id: int | None) -> list[Connector]:
        return at(self.connectors, evse_id, connector_id)

    def will_report(self, connectors: Sequence[Connector]) -> None:
        """Send their statuses when the command is answered."""
        self.errands.put_nowait(lambda: self.report(*connectors))

    def will_send(self, request: Any) -> None:
        self.errands.put_nowait(lambda: self.ask(request))

    def will_reboot(self) -> None:
        async def reboot() -> None:
            self.interval_s = None

        self.errands.put_nowait(reboot)

    def change_availability(self, connectors: Sequence[Connector], operative: bool) -> str:
        """Switch on or off; returns the answer. A connector in use goes on until its car has left."""
        status = switch(connectors, operative)
        self.will_report([c for c in connectors if c.acknowledged != c.status])
        return status


def now_text() -> str:
    """The time as 2.x wants it: RFC 3339, UTC, three decimals."""
    return datetime.fromtimestamp(time(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
