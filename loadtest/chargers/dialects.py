"""The stations of the three dialects: the same life in other words. Pure."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from loadtest.chargers import connector as plugs
from loadtest.chargers.connector import Connector, connectors_2x, connectors_16
from loadtest.chargers.cycle import CYCLE_2X, CYCLE_16
from loadtest.chargers.station import VENDOR, Call, Station

AVAILABILITY = {"name": "AvailabilityState"}
SERIAL = 25  #: characters that a serial number may have


class Station16(Station):
    """OCPP 1.6: a connector n is EVSE n, connector 1."""

    dialect = "ocpp1.6"
    cycle = CYCLE_16

    def _equipment(self) -> Sequence[Connector]:
        return connectors_16(self.rng)

    def boot(self) -> Call:
        who = {"chargePointVendor": VENDOR, "chargePointModel": f"AC {len(self.connectors) - 1}x22"}
        more = {"chargePointSerialNumber": self.identity[:SERIAL], "firmwareVersion": "1.6.0"}
        return Call("BootNotification", who | more)

    def status(self, connector: Connector, at: str) -> Call:
        fault = connector.fault
        said = {"connectorId": connector.evse_id, "errorCode": fault.error_code, "status": connector.status}
        more = {"info": fault.info, "vendorErrorCode": fault.vendor_error_code, "timestamp": at}
        more |= {"vendorId": fault.vendor_error_code and VENDOR}
        return Call("StatusNotification", said | {name: value for name, value in more.items() if value})

    def answer(self, call: Call, at: str) -> dict[str, Any] | None:
        connector_id = call.payload.get("connectorId", 0)
        connectors = plugs.at(self.connectors, connector_id, None)
        match call.action:
            case "TriggerMessage":
                status = self._triggered(call.payload["requestedMessage"], connectors)
            case "ChangeAvailability":
                status = self._switched(connectors, call.payload["type"] == "Operative")
            case "Reset":
                status = self._reset()
            case "UnlockConnector":
                status = "Unlocked" if connector_id and connectors else "NotSupported"
            case _:
                return None
        return {"status": status}


class Station201(Station):
    """OCPP 2.0.1: some report by StatusNotification, some by NotifyEvent on AvailabilityState (G01)."""

    dialect = "ocpp2.0.1"
    cycle = CYCLE_2X
    notify_share = 0.3

    def _equipment(self) -> Sequence[Connector]:
        self._notifies = self.rng.random() < self.notify_share
        self._event_ids = count(1)
        return connectors_2x(self.rng, whole=self._notifies)

    def boot(self) -> Call:
        firmware = f"{self.dialect.removeprefix('ocpp')}-7"
        station = {"vendorName": VENDOR, "model": "DC 150"}
        station |= {"serialNumber": self.identity[:SERIAL], "firmwareVersion": firmware}
        return Call("BootNotification", {"chargingStation": station, "reason": "PowerUp"})

    def status(self, connector: Connector, at: str) -> Call:
        if not self._notifies:
            place = {"evseId": connector.evse_id, "connectorId": connector.connector_id}
            return Call("StatusNotification", {"timestamp": at, "connectorStatus": connector.status, **place})
        event = {
            "eventId": next(self._event_ids),
            "timestamp": at,
            "trigger": "Delta",
            "actualValue": connector.status,
            "eventNotificationType": "HardWiredNotification",
            "component": _component(connector),
            "variable": AVAILABILITY,
        }
        more = {"techCode": connector.fault.vendor_error_code, "techInfo": connector.fault.info}
        event |= {name: value for name, value in more.items() if value}
        return Call("NotifyEvent", {"generatedAt": at, "seqNo": 0, "tbc": False, "eventData": [event]})

    def answer(self, call: Call, at: str) -> dict[str, Any] | None:
        payload = call.payload
        match call.action:
            case "TriggerMessage":
                status = self._triggered(payload["requestedMessage"], self._at(payload.get("evse")))
            case "ChangeAvailability":
                status = self._switched(self._at(payload.get("evse")), payload["operationalStatus"] == "Operative")
            case "Reset":
                status = self._reset()
            case "UnlockConnector":
                status = self._unlocked(payload["evseId"], payload["connectorId"])
            case "GetBaseReport":
                self.errands.append(self._report(payload["requestId"], at))
                status = "Accepted"
            case _:
                return None
        return {"status": status}

    def _unlocked(self, evse_id: int, connector_id: int) -> str:
        match evse_id and plugs.at(self.connectors, evse_id, connector_id):
            case [connector]:
                return "Unlocked" if connector.idle else "OngoingAuthorizedTransaction"
            case _:
                return "UnknownConnector"

    def _report(self, request_id: int, at: str) -> Call:
        rows = [
            {
                "component": _component(connector),
                "variable": AVAILABILITY,
                "variableAttribute": [{"type": "Actual", "value": connector.status}],
            }
            for connector in self.connectors
        ]
        head = {"requestId": request_id, "generatedAt": at, "seqNo": 0, "tbc": False}
        return Call("NotifyReport", head | {"reportData": rows})

    def _at(self, evse: dict[str, int] | None) -> list[Connector]:
        return plugs.at(self.connectors, evse["id"], evse.get("connectorId")) if evse else list(self.connectors)


class Station21(Station201):
    """OCPP 2.1 prefers NotifyEvent."""

    dialect = "ocpp2.1"
    notify_share = 0.7


DIALECTS: dict[str, type[Station]] = {kind.dialect: kind for kind in (Station16, Station201, Station21)}


def _component(connector: Connector) -> dict[str, Any]:
    if connector.evse_id == 0:
        return {"name": "ChargingStation"}
    return {"name": "Connector", "evse": {"id": connector.evse_id, "connectorId": connector.connector_id}}
