"""A simulated OCPP 1.6 charger: connectors 1..n and connector 0."""

from collections.abc import Sequence
from typing import Any

import ocpp.v16
from ocpp.v16 import call, call_result

from loadtest.chargers.connector import Connector, connectors_16
from loadtest.chargers.cycle import CYCLE_16
from loadtest.simulator.charger import Charger, answers, now_text


class Charger16(Charger):
    """A connector n is EVSE n, connector 1."""

    subprotocol = "ocpp1.6"
    cycle = CYCLE_16
    library = ocpp.v16

    def make_connectors(self) -> Sequence[Connector]:
        return connectors_16(self.rng)

    def boot_request(self) -> Any:
        return call.BootNotification(
            charge_point_vendor="Simulated",
            charge_point_model=f"AC {len(self.connectors) - 1}x22",
            charge_point_serial_number=self.identity[:25],
            firmware_version="1.6.0",
        )

    def status_request(self, connector: Connector) -> Any:
        return call.StatusNotification(
            connector_id=connector.evse_id,
            error_code=connector.fault.error_code,
            status=connector.status,
            info=connector.fault.info,
            timestamp=now_text(),
            vendor_id="Simulated" if connector.fault.vendor_error_code else None,
            vendor_error_code=connector.fault.vendor_error_code,
        )

    @answers("TriggerMessage")
    def on_trigger_message(self, requested_message: str, connector_id: int = 0, **_: Any) -> Any:
        status = "Accepted"
        match requested_message:
            case "StatusNotification" if connectors := self.find(connector_id, None):
                self.will_report(connectors)
            case "Heartbeat":
                self.will_send(call.Heartbeat())
            case "BootNotification":
                self.will_send(self.boot_request())
            case "StatusNotification":
                status = "Rejected"
            case _:
                status = "NotImplemented"
        return call_result.TriggerMessage(status=status)

    @answers("ChangeAvailability")
    def on_change_availability(self, connector_id: int, type: str, **_: Any) -> Any:
        connectors = self.find(connector_id, None)
        return call_result.ChangeAvailability(status=self.change_availability(connectors, type == "Operative"))

    @answers("Reset")
    def on_reset(self, **_: Any) -> Any:
        self.will_reboot()
        return call_result.Reset(status="Accepted")

    @answers("UnlockConnector")
    def on_unlock_connector(self, connector_id: int, **_: Any) -> Any:
        known = connector_id and self.find(connector_id, None)
        return call_result.UnlockConnector(status="Unlocked" if known else "NotSupported")
