"""Events as hypothesis makes them: every field of every kind within its bounds, and often at them."""

import json
import string
from typing import Any, get_args

from hypothesis import strategies as st

from shared.words import event
from shared.words.event import (
    Booted,
    CommandAnswered,
    CommandResult,
    EndReason,
    Event,
    InventoryReported,
    SessionBegan,
    SessionEnded,
    StatusReported,
)
from shared.words.instant import EARLIEST, LATEST
from shared.words.status import NORMALIZED

#: What breaks readers of text: right to left, combining, beyond the basic plane, quotes, controls, almost escapes.
ODD_TEXTS = (
    "\u202eelbaliavA",
    "Ele\u0301ctrico\u0300\u0301",
    "😀🇪🇺👩\u200d🔧",
    "\"'\\",
    "\\u0000",
    "\x01\x7f\u2028",
    "{1,2}",
    "%s",
)


def texts(longest: int) -> st.SearchStrategy[str]:
    """Texts that can be stored, the longest among them."""
    characters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
    odd = [text for text in ODD_TEXTS if len(text) <= longest]
    return st.text(characters, max_size=longest) | st.sampled_from([*odd, "", "x" * longest, "😀" * longest])


instants = st.sampled_from([EARLIEST, LATEST]) | st.integers(EARLIEST, LATEST)
numbers = st.sampled_from([0, 1, event.HIGHEST_PLACE]) | st.integers(0, event.HIGHEST_PLACE)
keys = st.sampled_from([0, 2**63 - 1]) | st.integers(0, 2**63 - 1)
ids = st.text(sorted(set(string.printable[:95]) - set("/:")), min_size=1, max_size=48)

header: dict[str, st.SearchStrategy[Any]] = {
    "charge_point_id": ids,
    "charge_point_key": keys,
    "epoch": instants,
    "sequence": keys,
    "received_at": instants,
    "gateway_id": texts(255),
    "protocol": st.sampled_from(("ocpp1.6", "ocpp2.0.1", "ocpp2.1")),
}
kinds: dict[str, st.SearchStrategy[Event]] = {
    "session_began": st.builds(SessionBegan, **header, identity_conflict=st.booleans()),
    "session_ended": st.builds(
        SessionEnded, **header, reason=st.sampled_from(get_args(EndReason)), last_seen_at=instants
    ),
    "booted": st.builds(
        Booted,
        **header,
        vendor=texts(event.VENDOR),
        model=texts(event.MODEL),
        serial=st.none() | texts(event.SERIAL),
        firmware=st.none() | texts(event.FIRMWARE),
        reason=st.none() | texts(event.BOOT_REASON),
    ),
    "status_reported": st.builds(
        StatusReported,
        **header,
        evse_id=numbers,
        connector_id=numbers,
        reported=st.sampled_from(sorted(NORMALIZED)) | texts(event.REPORTED),
        error_code=st.none() | texts(event.ERROR_CODE),
        vendor_error_code=st.none() | texts(event.VENDOR_ERROR_CODE),
        vendor_id=st.none() | texts(event.VENDOR_ID),
        info=st.none() | texts(event.INFO),
        reported_at=st.none() | instants,
        reported_at_text=st.none() | texts(event.TIMESTAMP),
    ),
    "inventory_reported": st.builds(
        InventoryReported,
        **header,
        evse_ids=st.lists(numbers, max_size=8).map(tuple) | st.just(tuple(range(1, 256))),
        first_sequence=keys,
    ),
    "command_answered": st.builds(
        CommandAnswered,
        **header,
        command=st.just("ChangeAvailability"),
        evse_id=numbers,
        connector_id=numbers,
        operative=st.booleans(),
        intent=keys,
        result=st.sampled_from(get_args(CommandResult)),
    ),
}
events = st.one_of(*kinds.values())

#: What a charger may put where a text belongs: what cannot be stored among it, and too much of it.
_characters = st.characters() | st.sampled_from(["\0", "\ud800", "\udfff", "\u202e", "\u0301", "😀"])
any_texts = st.text(_characters, max_size=20) | st.sampled_from([*ODD_TEXTS, "x" * 3000, "\0" * 60 + "x", "😀" * 600])
any_times = st.sampled_from(
    [
        "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999-14:00", "2027-01-15T24:00:00Z",
        "2016-12-31T23:59:60Z", "2027-W02-5", "2027-01-15T07:59:00Z", "2027-01-15T09:59:00+02", "2027-01-15T08:04:00",
    ]
) | st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()) | any_texts  # fmt: skip
#: And where a number belongs.
_numbers = st.integers(0, 3) | st.sampled_from([-1, 255, 256, 2**31, 2**63, 10**40, 1.0, 1.5, 1e308, True, None, "1"])


def frames(protocol: str) -> st.SearchStrategy[str]:
    """Frames that carry facts, of a charger that says odd things in them."""
    return st.builds(_frame, _messages_16() if protocol == "ocpp1.6" else _messages_2x(), st.booleans())


def _frame(message: tuple[str, dict[str, Any]], escaped: bool) -> str:
    action, payload = message
    return json.dumps([2, "1", action, payload], ensure_ascii=escaped)


def _messages_16() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    boot = st.fixed_dictionaries(
        {"chargePointVendor": any_texts, "chargePointModel": any_texts},
        optional=dict.fromkeys(("chargePointSerialNumber", "chargeBoxSerialNumber", "firmwareVersion"), any_texts),
    )
    status = st.fixed_dictionaries(
        {
            "connectorId": _numbers,
            "errorCode": st.sampled_from(["NoError", "HighTemperature"]) | any_texts,
            "status": st.sampled_from(["Available", "Charging", "Faulted"]),
        },
        optional={"timestamp": any_times} | dict.fromkeys(("info", "vendorErrorCode", "vendorId"), any_texts),
    )
    return _said("BootNotification", boot) | _said("StatusNotification", status)


def _messages_2x() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    words = st.sampled_from(["Available", "Occupied", "Reserved", "Unavailable", "Faulted"])
    station = st.fixed_dictionaries(
        {"vendorName": any_texts, "model": any_texts},
        optional=dict.fromkeys(("serialNumber", "firmwareVersion"), any_texts),
    )
    status = st.fixed_dictionaries(
        {"timestamp": any_times, "connectorStatus": words, "evseId": _numbers, "connectorId": _numbers}
    )
    evse = st.fixed_dictionaries({"id": _numbers}, optional={"connectorId": _numbers})
    component = st.fixed_dictionaries(
        {"name": st.sampled_from(["Connector", "EVSE", "ChargingStation"])}, optional={"evse": evse}
    )
    variable = st.just({"name": "AvailabilityState"})
    event_data = st.fixed_dictionaries(
        {
            "eventId": st.just(1),
            "timestamp": any_times,
            "trigger": st.just("Delta"),
            "actualValue": words | any_texts,
            "eventNotificationType": st.just("HardWiredNotification"),
            "component": component,
            "variable": variable,
        },
        optional={"techCode": any_texts, "techInfo": any_texts},
    )
    report_data = st.fixed_dictionaries(
        {
            "component": component,
            "variable": variable,
            "variableAttribute": st.lists(st.fixed_dictionaries({"value": words}), min_size=1, max_size=2),
        }
    )
    head = {"generatedAt": any_times, "seqNo": st.just(0)}
    return (
        _said("BootNotification", st.fixed_dictionaries({"reason": any_texts, "chargingStation": station}))
        | _said("StatusNotification", status)
        | _said("NotifyEvent", st.fixed_dictionaries(head | {"eventData": st.lists(event_data, max_size=12)}))
        | _said(
            "NotifyReport",
            st.fixed_dictionaries(
                head | {"requestId": st.just(1), "reportData": st.lists(report_data, max_size=12), "tbc": st.booleans()}
            ),
        )
    )


def _said(action: str, payloads: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(action), payloads)
