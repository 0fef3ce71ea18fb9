"""A charger that is not ours: OCPP 1.6 by the `ocpp` package, on a socket of its own, driven from another thread."""

import asyncio
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from websockets.asyncio.client import connect

WITHIN_S = 20


class _Point(ChargePoint):  # type: ignore[misc] # which has no types
    """Follows whatever it is asked, and remembers it."""

    def __init__(self, id_: str, connection: Any) -> None:
        super().__init__(id_, connection)
        self.asked: list[tuple[str, Any]] = []

    @on("ChangeAvailability")  # type: ignore[untyped-decorator]
    def change_availability(self, connector_id: int, type: str) -> call_result.ChangeAvailability:
        self.asked.append((type, connector_id))
        return call_result.ChangeAvailability(status="Accepted")

    @on("TriggerMessage")  # type: ignore[untyped-decorator]
    def trigger_message(self, requested_message: str, **_: Any) -> call_result.TriggerMessage:
        self.asked.append(("TriggerMessage", requested_message))
        return call_result.TriggerMessage(status="Accepted")


class Charger:
    """Connected and booted for the length of a block."""

    def __init__(self, gateway: str, id_: str) -> None:
        self._url = f"{gateway}/{id_}"
        self._id = id_
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._booted: Future[_Point] = Future()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._live(),), name=id_)

    async def _live(self) -> None:
        try:
            async with connect(self._url, subprotocols=["ocpp1.6"]) as socket:  # type: ignore[list-item]
                point = _Point(self._id, socket)
                reading = asyncio.create_task(point.start())
                await point.call(call.BootNotification(charge_point_model="Two Plugs", charge_point_vendor="Acme"))
                self._booted.set_result(point)
                await self._stop.wait()
                reading.cancel()
        except Exception as error:
            if not self._booted.done():
                self._booted.set_exception(error)
            raise

    @property
    def asked(self) -> list[tuple[str, Any]]:
        """What the server wanted of it so far."""
        return self._booted.result().asked

    def reports(self, connector: int, status: str, error: str = "NoError", **more: str) -> None:
        """A StatusNotification, answered."""
        message = call.StatusNotification(connector_id=connector, error_code=error, status=status, **more)
        asyncio.run_coroutine_threadsafe(self._booted.result().call(message), self._loop).result(WITHIN_S)

    def __enter__(self) -> Self:
        self._thread.start()
        self._booted.result(WITHIN_S)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(WITHIN_S)
        self._loop.close()
