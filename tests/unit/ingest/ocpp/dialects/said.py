"""What chargers of 2.x say of their places."""

from typing import Any

from shared.words.event import StatusReported

NOW = 1_800_000_000_000
AT = "2027-01-15T07:59:59Z"

CONNECTOR = {"name": "Connector", "evse": {"id": 1, "connectorId": 2}}


def status(evse: object = 1, connector: object = 1, word: object = "Available") -> dict[str, Any]:
    return {"timestamp": AT, "connectorStatus": word, "evseId": evse, "connectorId": connector}


def event(value: str = "Available", component: object = CONNECTOR, name: str = "AvailabilityState") -> dict[str, Any]:
    return {
        "eventId": 1,
        "timestamp": AT,
        "trigger": "Delta",
        "actualValue": value,
        "eventNotificationType": "HardWiredNotification",
        "component": component,
        "variable": {"name": name},
    }


def events(*data: dict[str, Any]) -> dict[str, Any]:
    return {"generatedAt": AT, "seqNo": 0, "eventData": list(data)}


def report(*data: dict[str, Any]) -> dict[str, Any]:
    return {"requestId": 1, "generatedAt": AT, "seqNo": 0, "reportData": list(data)}


def entry(
    *attributes: dict[str, Any], component: object = CONNECTOR, name: str = "AvailabilityState"
) -> dict[str, Any]:
    return {"component": component, "variable": {"name": name}, "variableAttribute": list(attributes)}


def places(outcome: Any) -> list[tuple[int, int, str]]:
    assert outcome.replies == (b'[3,"1",{}]',)
    return [
        (event.evse_id, event.connector_id, event.reported)
        for event in outcome.events
        if isinstance(event, StatusReported)
    ]
