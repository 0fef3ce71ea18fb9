"""A charger that keeps the book: raw OCPP frames over a plain websocket, to any of the gateways.

It behaves as the specification has it: one CALL at a time, answers to every CALL of the server, and no
second try for a status that was not answered.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.faults.book import Book, Place

ANSWER_WITHIN_S = 40.0
CLIENT = {"compression": None, "ping_interval": None, "open_timeout": 15, "close_timeout": 1, "proxy": None}
STAYS_AWAY_S = (20.0, 35.0)
HANGS_UP, LEAVES = 0.01, 0.002  #: chances after each status
WORDS = {
    "ocpp1.6": ("Available", "Charging", "Reserved", "Unavailable", "Faulted"),
    "ocpp2.0.1": ("Available", "Occupied", "Reserved", "Unavailable", "Faulted"),
    "ocpp2.1": ("Available", "Occupied", "Reserved", "Unavailable", "Faulted"),
}
DIALECTS = tuple(WORDS)
PLACES: Sequence[Place] = ((1, 1), (2, 1))


@dataclass(slots=True)
class Chargers:
    """What all of them share: where to connect, whether a fault lasts, how fast to talk, when to stop."""

    gateways: Sequence[str]
    amid_fault: Callable[[], bool]
    statuses_per_s: float
    stopping: asyncio.Event


class Charger:
    """One charger with two connectors."""

    def __init__(self, charge_point_id: str, dialect: str, shared: Chargers, seed: int) -> None:
        self.dialect = dialect
        self.book = Book(charge_point_id, WORDS[dialect])
        self.connected = False
        self._shared = shared
        self._rng = Random(f"{seed} {charge_point_id}")
        self._calls = 0
        self._gone_since: float | None = None
        self._booted = False

    async def run(self) -> None:
        """Connects, reports, loses the line and comes back, until told to stop."""
        failures = 0
        while not self._shared.stopping.is_set():
            away_s = min(5.0, 0.2 * 2**failures) * (0.5 + self._rng.random())
            try:
                address = f"{self._rng.choice(self._shared.gateways)}/{self.book.charge_point_id}"
                async with connect(address, subprotocols=[Subprotocol(self.dialect)], **CLIENT) as socket:  # type: ignore[arg-type]
                    self._arrived()
                    failures = 0
                    try:
                        away_s = await self._session(socket)
                    finally:
                        self.connected = False
                        self._gone_since = time.time()
            except (OSError, TimeoutError, WebSocketException):
                failures = min(failures + 1, 5)
            with suppress(TimeoutError):
                async with asyncio.timeout(away_s):
                    await self._shared.stopping.wait()

    def _arrived(self) -> None:
        self.connected = True
        if self._gone_since is not None:
            self.book.went_away(self._gone_since, time.time())
            self._gone_since = None

    async def _session(self, socket: ClientConnection) -> float:
        """One connection; gives how long to stay away after it (s)."""
        if not self._booted:
            await self._call(socket, "BootNotification", boot(self.dialect))
            self._booted = True
        pause_s = len(PLACES) / self._shared.statuses_per_s
        while not self._shared.stopping.is_set():
            await self._report(socket, self._rng.choice(PLACES))
            chance = self._rng.random()
            if chance < HANGS_UP:
                socket.transport.abort()
                return self._rng.uniform(*STAYS_AWAY_S) if chance < LEAVES else 0.1
            await self._listen(socket, self._rng.expovariate(1 / pause_s))
        return 0

    async def _report(self, socket: ClientConnection, place: Place) -> None:
        status = self.book.next_status(place, self._rng)
        if status is None:  # all five may be the last word: only an answer tells, so say the newest again
            status = self.book.sent[place][-1].status
        one = self.book.send(place, status, time.time(), amid_fault=self._shared.amid_fault())
        if await self._call(socket, "StatusNotification", report(self.dialect, place, status, one.tag)):
            one.acked_at = time.time()

    async def _call(self, socket: ClientConnection, action: str, payload: dict[str, Any]) -> bool:
        """Whether a CALLRESULT came; a CALLERROR is a no."""
        self._calls += 1
        call_id = str(self._calls)
        await socket.send(json.dumps([2, call_id, action, payload]))
        async with asyncio.timeout(ANSWER_WITHIN_S):
            while True:
                answer = json.loads(await socket.recv())
                if answer[0] == 2:
                    await refuse(socket, answer)
                elif answer[1] == call_id:
                    return bool(answer[0] == 3)

    async def _listen(self, socket: ClientConnection, for_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                while True:
                    frame = json.loads(await socket.recv())
                    if frame[0] == 2:
                        await refuse(socket, frame)


async def refuse(socket: ClientConnection, call: Sequence[Any]) -> None:
    """No command is obeyed: a status that was asked for would not be in the book."""
    await socket.send(json.dumps([4, call[1], "NotSupported", "", {}]))


def boot(dialect: str) -> dict[str, Any]:
    """BootNotification."""
    if dialect == "ocpp1.6":
        return {"chargePointVendor": "Ledger", "chargePointModel": "L1"}
    return {"chargingStation": {"vendorName": "Ledger", "model": "L2"}, "reason": "PowerUp"}


def report(dialect: str, place: Place, status: str, tag: int) -> dict[str, Any]:
    """StatusNotification, stamped with the tag."""
    timestamp = datetime.fromtimestamp(tag / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if dialect == "ocpp1.6":
        return {"connectorId": place[0], "errorCode": "NoError", "status": status, "timestamp": timestamp}
    return {"timestamp": timestamp, "connectorStatus": status, "evseId": place[0], "connectorId": place[1]}
