"""Events as hypothesis makes them: every field of every kind within its bounds, and often at them."""

import string
from typing import Any, get_args

from hypothesis import strategies as st

from shared import event
from shared.event import (
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
from shared.instant import EARLIEST, LATEST
from shared.status import NORMALIZED

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
