"""Events to and from the bytes on the topic. Strict in reading: a record is an event or poison.

What an event may hold is bounded by its types (``shared.words.event``), so that what was decoded can be
stored. The published form is ``shared/words/event.schema.json``; ``v`` is its version. A record of a higher
version is not poison but ``Newer``: somebody upgraded the gateways before the rollups.
"""

import msgspec
from msgspec import structs

from .errors import Newer, Poison
from .event import Event, StatusReported, type_version
from .instant import EARLIEST, LATEST

encode = msgspec.json.Encoder().encode

_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class _Version(msgspec.Struct):
    v: int


def decode(value: bytes | None) -> Event:
    """The event in a record's value.

    Raises:
        Newer: the record says that it is of a later version.
        Poison: it is no event of this version: ``empty``, ``malformed`` or ``invalid``.
    """
    if not value:
        raise Poison("empty", "the record has no value")
    try:
        event = _decoder.decode(value)
    except msgspec.DecodeError as error:
        if _version_of(value) > type_version:
            raise Newer(f"record of version {_version_of(value)}, this process reads {type_version}") from error
        reason = "invalid" if isinstance(error, msgspec.ValidationError) else "malformed"
        raise Poison(reason, str(error)) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise Poison("malformed", str(error)) from error
    if event.v > type_version:
        raise Newer(f"record of version {event.v}, this process reads {type_version}")
    if b"\\u0000" in value and any("\0" in text for text in structs.astuple(event) if isinstance(text, str)):
        raise Poison("invalid", "a text contains U+0000, which Postgres does not hold")
    return event if not isinstance(event, StatusReported) else _with_a_time_in_bounds(event)


def _with_a_time_in_bounds(event: StatusReported) -> StatusReported:
    """Gateways not upgraded yet write any year: no poison, a status is not lost for a clock; the text stays."""
    if event.reported_at is None or EARLIEST <= event.reported_at <= LATEST:
        return event
    return structs.replace(event, reported_at=None)


def _version_of(value: bytes) -> int:
    try:
        return msgspec.json.decode(value, type=_Version).v
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0
