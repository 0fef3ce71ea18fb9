"""Simulated OCPP 2.0.1 and 2.1 chargers: EVSEs with one or two connectors each.

Some report by StatusNotification, some by NotifyEvent on the variable AvailabilityState (2.x G01).
"""

from collections.abc import Sequence
from itertools import count
from typing import Any

import ocpp.v21
import ocpp.v201

from loadtest.chargers.connector import Connector, connectors_2x
from loadtest.chargers.cycle import CYCLE_2X
from loadtest.simulator.charger import Charger, answers, now_text

AVAILABILITY = {"name": "AvailabilityState"}


class Charger201(Charger):
    """The second connector of an EVSE is there but not used."""

    subprotocol = "ocpp2.0.1"
    cycle = CYCLE_2X
    library = ocpp.v201
    notify_share = 0.3

    def make_connectors(self) -> Sequence[Connector]:
        self.notifies = self.rng.random() < self.notify_share
        self.event_ids = count(1)
        return connectors_2x(self.rng, whole=self.notifies)

    def boot_request(self) -> Any:
        return self.library.call.BootNotification(
            charging_station={
                "vendor_name": "Simulated",
                "model": "DC 150",
                "serial_number": self.identity[:25],
                "firmware_version": f"{self.subprotocol.removeprefix('ocpp')}-7",
            },
            reason="PowerUp",
        )

    def status_request(self, connector: Connector) -> Any:
        if not self.notifies:
            return self.library.call.StatusNotification(
                timestamp=now_text(),
                connector_status=connector.status,
                evse_id=connector.evse_id,
                connector_id=connector.connector_id,
            )
        event = {
            "event_id": next(self.event_ids),
            "timestamp": now_text(),
            "trigger": "Delta",
            "actual_value": connector.status,
            "event_notification_type": "HardWiredNotification",
            "component": component(connector),
            "variable": AVAILABILITY,
            "tech_code": connector.fault.vendor_error_code,
            "tech_info": connector.fault.info,
        }
        return self.library.call.NotifyEvent(generated_at=now_text(), seq_no=0, tbc=False, event_data=[event])

    @answers("TriggerMessage")
    def on_trigger_message(self, requested_message: str, evse: dict[str, int] | None = None, **_: Any) -> Any:
        status = "Accepted"
        match requested_message:
            case "StatusNotification" if connectors := self._at(evse):
                self.will_report(connectors)
            case "Heartbeat":
                self.will_send(self.library.call.Heartbeat())
            case "BootNotification":
                self.will_send(self.boot_request())
            case "StatusNotification":
                status = "Rejected"
            case _:
                status = "NotImplemented"
        return self.library.call_result.TriggerMessage(status=status)

    @answers("GetBaseReport")
    def on_get_base_report(self, request_id: int, **_: Any) -> Any:
        async def report() -> None:
            rows = [
                {
                    "component": component(connector),
                    "variable": AVAILABILITY,
                    "variable_attribute": [{"type": "Actual", "value": connector.status}],
                }
                for connector in self.connectors
            ]
            await self.ask(
                self.library.call.NotifyReport(
                    request_id=request_id, generated_at=now_text(), seq_no=0, tbc=False, report_data=rows
                )
            )

        self.errands.put_nowait(report)
        return self.library.call_result.GetBaseReport(status="Accepted")

    @answers("ChangeAvailability")
    def on_change_availability(self, operational_status: str, evse: dict[str, int] | None = None, **_: Any) -> Any:
        status = self.change_availability(self._at(evse), operational_status == "Operative")
        return self.library.call_result.ChangeAvailability(status=status)

    @answers("Reset")
    def on_reset(self, **_: Any) -> Any:
        self.will_reboot()
        return self.library.call_result.Reset(status="Accepted")

    @answers("UnlockConnector")
    def on_unlock_connector(self, evse_id: int, connector_id: int, **_: Any) -> Any:
        match evse_id and self.find(evse_id, connector_id):
            case [connector]:
                status = "Unlocked" if connector.idle else "OngoingAuthorizedTransaction"
            case _:
                status = "UnknownConnector"
        return self.library.call_result.UnlockConnector(status=status)

    def _at(self, evse: dict[str, int] | None) -> list[Connector]:
        return self.find(evse["id"], evse.get("connector_id")) if evse else list(self.connectors)


class Charger21(Charger201):
    """2.1 prefers NotifyEvent."""

    subprotocol = "ocpp2.1"
    library = ocpp.v21
    notify_share = 0.7


def component(connector: Connector) -> dict[str, Any]:
    """How the device model names a connector, or the station."""
    if connector.evse_id == 0:
        return {"name": "ChargingStation"}
    return {"name": "Connector", "evse": {"id": connector.evse_id, "connector_id": connector.connector_id}}
