"""A simulated charger: a station of any dialect on asyncio. State lives here, a connection is only borrowed."""

import asyncio
import math
from base64 import b64encode
from contextlib import suppress
from random import Random
from time import perf_counter, time
from typing import Any
from urllib.parse import quote

from ocpp.exceptions import OCPPError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from loadtest.chargers.backoff import LONGEST_S, backoff_s
from loadtest.chargers.connector import Connector
from loadtest.chargers.station import Call, Errand, Station
from loadtest.chargers.timestamp import timestamp
from loadtest.simulator.ocpp_client import ANSWER_WITHIN_S, OcppClient
from loadtest.simulator.tally import Tally

REBOOT_S = 2.0
SHAKY_SHARE = 0.1  #: of the chargers vanish now and then
STAYS_AWAY_S = (5.0, 120.0)


class Charger:
    """One charger over all its connections. The last part of its URL is the station's identity, encoded."""

    def __init__(
        self, url: str, station: Station, password: str | None, seed: int, vanish_every_s: float, tally: Tally
    ) -> None:
        self.station = station
        self.tally = tally
        self.address = f"{url.rstrip('/')}/{quote(station.identity, safe='')}"
        credentials = b64encode(f"{station.identity}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {credentials}"} if password else {}
        # its own, so that timing does not change the story
        self.network = Random(f"{seed} {station.identity} network")
        self.vanish_every_s = vanish_every_s if vanish_every_s and self.network.random() < SHAKY_SHARE else math.inf
        self.interval_s: float | None = None  #: between heartbeats; None: not booted
        self.errands: asyncio.Queue[Errand | None] = asyncio.Queue()
        self.stopping = asyncio.Event()

    @property
    def expected(self) -> dict[str, str]:
        """Statuses the server acknowledged; a connector whose last report has no answer is not in it."""
        return {c.key: c.acknowledged for c in self.station.connectors if c.acknowledged is not None}

    def stop(self) -> None:
        """Finish the call under way and hang up."""
        self.stopping.set()
        self.errands.put_nowait(None)

    async def run(self, pace: float, after_s: float) -> None:
        """Connect after `after_s` and stay, with stories `pace` times as fast as life, until stopped."""
        loop = asyncio.get_running_loop()
        self.station.begin(loop.time() + after_s, pace)
        failures = 0
        pause_s = after_s
        while not await self._stopped_within(pause_s):
            begun = loop.time()
            try:
                async with connect(
                    self.address,
                    subprotocols=[Subprotocol(self.station.dialect)],
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
        self.client = OcppClient(socket, self.station.dialect, self._answer, self._take_errands)
        try:
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(self.client.serve())
                away_s = await self._live(socket)
                serving.cancel()
            return away_s
        finally:
            self.tally.connected -= 1

    async def _live(self, socket: ClientConnection) -> float:
        loop = asyncio.get_running_loop()
        connectors = self.station.connectors
        if self.interval_s is None:
            await self._boot()
        else:
            await self._report(*(c for c in connectors if c.acknowledged != c.status))
        heard_at = loop.time()
        vanish_at = loop.time() + self.network.expovariate(1) * self.vanish_every_s
        while not self.stopping.is_set() and self.interval_s is not None:
            connector = min(connectors, key=lambda c: c.due)
            heartbeat_at = heard_at + self.interval_s
            errand = await self._errand_before(min(connector.due, heartbeat_at, vanish_at))
            if errand:
                await self._do(errand)
            elif loop.time() >= vanish_at:
                socket.transport.abort()
                return self.network.uniform(*STAYS_AWAY_S)
            elif loop.time() >= connector.due:
                connector.step(self.station.pace, loop.time())
                if connector.acknowledged != connector.status:
                    await self._report(connector)
            elif loop.time() >= heartbeat_at:
                await self._ask(self.station.heartbeat())
            heard_at = loop.time()
        return REBOOT_S

    async def _errand_before(self, deadline: float) -> Errand | None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline if deadline < math.inf else None):
                return await self.errands.get()
        return None

    async def _do(self, errand: Errand) -> None:
        match errand:
            case "reboot":
                self.interval_s = None
            case Call():
                await self._ask(errand)
            case connector:
                await self._report(connector)

    async def _boot(self) -> None:
        """BootNotification until it is accepted, then every connector (1.6 errata §3.22, 2.x B01.FR.05)."""
        while answer := await self._ask(self.station.boot()):
            if answer["status"] == "Accepted":
                self.interval_s = answer["interval"] or 300
                return await self._report(*self.station.connectors)
            if await self._stopped_within(answer["interval"] or 60):
                return None

    async def _report(self, *connectors: Connector) -> None:
        """Send the statuses, one after the other."""
        for connector in connectors:
            status = connector.status
            connector.acknowledged = None
            self.tally.sent += 1
            begun = perf_counter()
            if await self._ask(self.station.status(connector, timestamp(time()))) is not None:
                self.tally.answer_times_s.append(perf_counter() - begun)
                self.tally.answered += 1
                connector.acknowledged = status

    async def _ask(self, call: Call) -> dict[str, Any] | None:
        """The server's answer, or None if that was a CALLERROR or not valid."""
        try:
            return await self.client.ask(call)
        except OCPPError as error:
            self.tally.error(error)
            return None

    def _answer(self, call: Call) -> dict[str, Any] | None:
        return self.station.answer(call, timestamp(time()))

    def _take_errands(self) -> None:
        """What the answer leads to follows it."""
        while self.station.errands:
            self.errands.put_nowait(self.station.errands.popleft())
