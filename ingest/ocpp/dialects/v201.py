"""OCPP 2.0.1: status from StatusNotification, NotifyEvent and NotifyReport."""

from collections.abc import Callable, Iterator
from typing import assert_never

from ingest.ocpp.commands import ChangeAvailability, Command, Reset, Resync, TriggerMessage, UnlockConnector
from ingest.ocpp.dialects import dialect
from ingest.ocpp.shapes import Payload
from ingest.ocpp.shapes.v201 import ANSWERS, REFUSED, REQUESTS, ConnectorStatusEnumType
from ingest.ocpp.units import clean, clean_or_none
from shared.words.event import BOOT_REASON, FIRMWARE, INFO, MODEL, SERIAL, VENDOR, VENDOR_ERROR_CODE

from .dialect import Action, Boot, Circumstances, Fact, Part, Reply, Status

__all__ = ["ACTIONS", "ANSWERS", "KNOWN", "REFUSED", "REJECTED", "encode"]

AVAILABILITY = "availabilitystate"
STATUSES = ConnectorStatusEnumType.words


def _booted(payload: Payload) -> tuple[Fact, ...]:
    station = payload["chargingStation"]
    return (
        Boot(
            vendor=clean(station["vendorName"], VENDOR),
            model=clean(station["model"], MODEL),
            serial=clean_or_none(station.get("serialNumber"), SERIAL),
            firmware=clean_or_none(station.get("firmwareVersion"), FIRMWARE),
            reason=clean_or_none(payload["reason"], BOOT_REASON),
        ),
    )


def _status(payload: Payload) -> tuple[Fact, ...]:
    evse_id, connector_id = _place(payload["evseId"], payload["connectorId"])
    return (Status(evse_id, connector_id, payload["connectorStatus"], payload["timestamp"]),)


def _events(payload: Payload) -> tuple[Fact, ...]:
    return tuple(
        Status(
            *place,
            event["actualValue"],
            event["timestamp"],
            vendor_error_code=clean_or_none(event.get("techCode"), VENDOR_ERROR_CODE),
            info=clean_or_none(event.get("techInfo"), INFO),
        )
        for event in payload["eventData"]
        if event["actualValue"] in STATUSES and (place := _reported_place(event))
    )


def _report(payload: Payload) -> tuple[Fact, ...]:
    """An inventory is a state, no course of events: the last value of a place counts."""
    said = {
        place: Status(*place, value, payload["generatedAt"])
        for entry in payload.get("reportData") or ()
        for value in _actual_values(entry)
        if value in STATUSES and (place := _reported_place(entry))
    }
    return tuple(said.values())


def _part(payload: Payload) -> Part:
    return Part(
        _whole(payload.get("requestId")),
        _whole(payload.get("seqNo")),
        payload.get("tbc") is True,
        frozenset(_unread(payload.get("reportData"))),
    )


def _whole(number: object) -> int | None:
    """An integer however it is written: 1.0 is one in draft-06."""
    if type(number) is float and number.is_integer():
        return int(number)
    return number if type(number) is int else None


def _unread(entries: object) -> Iterator[int]:
    """The EVSEs of availability entries without a word that we know; checked are only reports that have one."""
    for entry in filter(_names_availability, entries if isinstance(entries, list) else ()):
        if STATUSES.isdisjoint(_actual_values(entry)) and (evse := entry["component"].get("evse")):
            yield _whole(evse["id"]) or 0


def _about_availability(field: str) -> Callable[[Payload], bool]:
    """Whether any entry of ``field``, whatever else it lacks, is about the one variable that we take."""

    def tells(payload: Payload) -> bool:
        entries = payload.get(field)
        return isinstance(entries, list) and any(map(_names_availability, entries))

    return tells


def _names_availability(entry: object) -> bool:
    match entry:
        case {"variable": {"name": str(name)}}:
            return name.lower() == AVAILABILITY
        case _:
            return False


def _actual_values(entry: Payload) -> Iterator[str]:
    for attribute in entry["variableAttribute"]:
        if attribute.get("type") in (None, "Actual") and attribute.get("value"):
            yield attribute["value"]


def _reported_place(entry: Payload) -> tuple[int, int] | None:
    """The place whose AvailabilityState this entry is about; None for every other variable."""
    if entry["variable"]["name"].lower() != AVAILABILITY:
        return None
    component = entry["component"]
    evse = component.get("evse") or {}
    match component["name"].lower():
        case "chargingstation":
            return _place(0, 0)
        case "evse" if evse:
            return _place(evse["id"], 0)
        case "connector" if evse.get("connectorId") is not None:
            return _place(evse["id"], evse["connectorId"])
        case _:
            return None


def _place(evse_id: int, connector_id: int) -> tuple[int, int]:
    evse_id, connector_id = dialect.place(evse_id), dialect.place(connector_id)
    return evse_id, connector_id if evse_id else 0


def _authorized(payload: Payload, circumstances: Circumstances) -> Reply:
    return {"idTokenInfo": dialect.authorization(circumstances)}


def _transaction(payload: Payload, circumstances: Circumstances) -> Reply:
    return _authorized(payload, circumstances) if payload.get("idToken") is not None else {}


REJECTED = b'{"status":"Rejected"}'

#: As far as they do not answer ``{}``; those of 2.1, too.
KNOWN = {
    "Authorize": Action(_authorized),
    "BootNotification": Action(dialect.boot_reply, _booted),
    "DataTransfer": Action(b'{"status":"UnknownVendorId"}'),
    "Get15118EVCertificate": Action(b'{"status":"Failed","exiResponse":""}'),
    "GetCertificateStatus": Action(b'{"status":"Failed"}'),
    "Heartbeat": Action(dialect.time_reply),
    "NotifyEVChargingNeeds": Action(REJECTED),
    "NotifyEVChargingSchedule": Action(b'{"status":"Accepted"}'),
    "NotifyEvent": Action(facts=_events, tells=_about_availability("eventData")),
    "NotifyReport": Action(facts=_report, tells=_about_availability("reportData"), part=_part),
    "SignCertificate": Action(REJECTED),
    "StatusNotification": Action(facts=_status),
    "TransactionEvent": Action(_transaction),
}
ACTIONS = dialect.actions(REQUESTS, KNOWN)

_RESET = {"immediate": "Immediate", "graceful": "OnIdle"}


def encode(command: Command, request_id: int) -> tuple[str, Reply]:
    """The action and the payload that ask for ``command`` (Part 2 §1); reports carry ``request_id``."""
    match command:
        case ChangeAvailability(operative=operative, evse_id=evse_id, connector_id=connector_id):
            status: Reply = {"operationalStatus": "Operative" if operative else "Inoperative"}
            return "ChangeAvailability", {**status, **_evse(evse_id, connector_id)}
        case Resync() | TriggerMessage(requested="StatusNotification", evse_id=None | 0):
            return "GetBaseReport", {"requestId": request_id, "reportBase": "SummaryInventory"}
        case TriggerMessage(requested="StatusNotification", evse_id=evse_id, connector_id=connector_id):
            # F06.FR.12: this one names a connector, so an EVSE alone means its first, and all are a report.
            return "TriggerMessage", {"requestedMessage": "StatusNotification", **_evse(evse_id, connector_id or 1)}
        case TriggerMessage(requested=requested, evse_id=evse_id, connector_id=connector_id):
            return "TriggerMessage", {"requestedMessage": requested, **_evse(evse_id, connector_id)}
        case Reset(kind=kind, evse_id=evse_id):
            return "Reset", {"type": _RESET[kind]} | ({"evseId": evse_id} if evse_id else {})
        case UnlockConnector(evse_id=evse_id, connector_id=connector_id):
            return "UnlockConnector", {"evseId": evse_id, "connectorId": connector_id}
        case _:
            assert_never(command)


def _evse(evse_id: int | None, connector_id: int | None) -> Reply:
    """The EVSE or connector a request is about; 0 or None is the whole of what is around it."""
    if not evse_id:
        return {}
    return {"evse": {"id": evse_id, "connectorId": connector_id} if connector_id else {"id": evse_id}}
