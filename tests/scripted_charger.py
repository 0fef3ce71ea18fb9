"""A charger that behaves as a test says: it answers what it is asked, or refuses, is silent, or answers late.

It has connectors with statuses, and tells them when it is asked for them, in each dialect; what it was asked is kept.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from shared.words import instant

DIALECTS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")

Place = tuple[int, int]
Payload = Mapping[str, Any]
#: What it does with a CALL of ours: the payload of its answer, the code of a CALLERROR, or None for silence.
Behaviour = Callable[[Payload], "Payload | str | None"]


@dataclass(frozen=True)
class Asked:
    """A CALL that it got, at a monotonic time (s)."""

    at: float
    id: str
    action: str
    payload: dict[str, Any]


def accepts(payload: Payload) -> Payload:
    return {"status": "Accepted"}


def rejects(payload: Payload) -> Payload:
    return {"status": "Rejected"}


def is_silent(payload: Payload) -> None:
    return None


class ScriptedCharger:
    """On an open websocket. ``behaviours`` by action replace what it does by itself, which is to say yes and do it."""

    def __init__(
        self, socket: ClientConnection, dialect: str, statuses: dict[Place, str], behaviours: dict[str, Behaviour]
    ) -> None:
        self.socket = socket
        self.dialect = dialect
        self.statuses = statuses
        self.behaviours = behaviours
        self.asked: list[Asked] = []
        self._answers: dict[str, asyncio.Future[list[Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, action: str, payload: Payload, within_s: float = 40) -> list[Any]:
        """Sends a CALL; the whole answer: [3, id, payload] or [4, id, code, …]."""
        message_id = token_hex(4)
        answer = self._answers[message_id] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(within_s):
            frame: list[Any] = await answer
        return frame

    async def boot(self) -> str:
        """Boots; the registration that it is told."""
        station = {"vendorName": "V", "model": "M"}
        is_1x = self.dialect == "ocpp1.6"
        payload = {"chargePointVendor": "V", "chargePointModel": "M"} if is_1x else _booted(station)
        return str((await self.call("BootNotification", payload))[2]["status"])

    async def report(self, evse: int, connector: int, status: str) -> list[Any]:
        """Has a status, and says so; the answer."""
        self.statuses[evse, connector] = status
        return await self._tell((evse, connector))

    async def report_all(self) -> None:
        for place in list(self.statuses):
            assert (await self._tell(place))[0] == 3

    def was_asked(self, action: str) -> list[dict[str, Any]]:
        """The payloads of the CALLs of this action, in order."""
        return [one.payload for one in self.asked if one.action == action]

    async def answer(self, asked: Asked, payload: Payload) -> None:
        """Answers a CALL on which it was silent."""
        await self.socket.send(json.dumps([3, asked.id, payload]))

    async def run(self) -> None:
        """Reads until the socket closes."""
        with suppress(ConnectionClosed):
            async for text in self.socket:
                frame = json.loads(text)
                if frame[0] != 2:
                    self._answers.pop(frame[1]).set_result(frame)
                    continue
                asked = Asked(time.monotonic(), *frame[1:])
                self.asked.append(asked)
                behaviour = self.behaviours.get(asked.action)
                said = (behaviour or accepts)(asked.payload)
                if isinstance(said, str):
                    await self.socket.send(json.dumps([4, asked.id, said, "", {}]))
                elif said is not None:
                    await self.answer(asked, said)
                    if behaviour is None:
                        task = asyncio.create_task(self._do(asked))
                        self._tasks.add(task)
                        task.add_done_callback(self._tasks.discard)
        for task in self._tasks:
            task.cancel()

    async def _do(self, asked: Asked) -> None:
        payload = asked.payload
        match asked.action, payload.get("requestedMessage"):
            case "TriggerMessage", "StatusNotification":
                at = (payload.get("connectorId"), 1) if self.dialect == "ocpp1.6" else _evse(payload)
                for place in list(self.statuses):
                    if at[0] is None or place == at:
                        await self._tell(place)
            case "GetBaseReport", _:
                await self.call("NotifyReport", self._inventory(payload["requestId"]))
            case "ChangeAvailability", _:
                is_in_service = "Operative" in (payload.get("type"), payload.get("operationalStatus"))
                evse = payload.get("connectorId", 0) if self.dialect == "ocpp1.6" else _evse(payload)[0]
                for place in list(self.statuses):
                    if place[1] and (not evse or place[0] == evse):
                        await self.report(*place, "Available" if is_in_service else "Unavailable")

    async def _tell(self, place: Place) -> list[Any]:
        status = self.statuses[place]
        if self.dialect == "ocpp1.6":
            return await self.call(
                "StatusNotification", {"connectorId": place[0], "errorCode": "NoError", "status": status}
            )
        if not place[1]:
            return await self.call(
                "NotifyEvent", {"generatedAt": _now(), "seqNo": 0, "eventData": [_event(place, status)]}
            )
        return await self.call(
            "StatusNotification",
            {"evseId": place[0], "connectorId": place[1], "connectorStatus": status, "timestamp": _now()},
        )

    def _inventory(self, request_id: int) -> dict[str, Any]:
        data = [{**_about(place), "variableAttribute": [{"value": status}]} for place, status in self.statuses.items()]
        return {"requestId": request_id, "generatedAt": _now(), "seqNo": 0, "reportData": data}


def _evse(payload: Payload) -> tuple[int | None, int | None]:
    evse = payload.get("evse") or {}
    return evse.get("id"), evse.get("connectorId")


def _booted(station: Payload) -> dict[str, Any]:
    return {"reason": "PowerUp", "chargingStation": station}


def _about(place: Place) -> dict[str, Any]:
    component: dict[str, Any] = {"name": "Connector" if place[1] else "EVSE" if place[0] else "ChargingStation"}
    if place[0]:
        component["evse"] = {"id": place[0], "connectorId": place[1]} if place[1] else {"id": place[0]}
    return {"component": component, "variable": {"name": "AvailabilityState"}}


def _event(place: Place, status: str) -> dict[str, Any]:
    fixed = {"eventId": 1, "trigger": "Delta", "eventNotificationType": "HardWiredNotification", "timestamp": _now()}
    return {**fixed, **_about(place), "actualValue": status}


def _now() -> str:
    return instant.to_text(time.time_ns() // 1_000_000)


@asynccontextmanager
async def scripted(
    url: str, dialect: str, statuses: Mapping[Place, str] | None = None, **behaviours: Behaviour
) -> AsyncIterator[ScriptedCharger]:
    """Connected while the block runs; it has said nothing yet."""
    options: dict[str, Any] = {"ping_interval": None, "proxy": None, "close_timeout": 1}
    async with connect(url, subprotocols=[Subprotocol(dialect)], **options) as socket:
        charger = ScriptedCharger(socket, dialect, dict(statuses or {(1, 1): "Available"}), behaviours)
        reading = asyncio.create_task(charger.run())
        try:
            yield charger
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
