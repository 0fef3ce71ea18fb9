"""Events to and from the bytes on the topic. Strict in reading: a record is an event or poison.

The published form is ``shared/event.schema.json``; ``v`` is its version. A record of a higher
version is not poison but ``Newer``: somebody upgraded the gateways before the rollups.
"""

import msgspec

from shared.errors import Newer, Poison
from shared.event import Event, type_version

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
    if event.epoch < 0 or event.sequence < 0:
        raise Poison("invalid", "epoch and sequence must not be negative")
    return event


def _version_of(value: bytes) -> int:
    try:
        return msgspec.json.decode(value, type=_Version).v
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0
