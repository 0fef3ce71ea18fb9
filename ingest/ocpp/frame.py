"""OCPP-J frames: text to what it is, and what we say to text. No text makes `parse` raise.

msgspec reads what is well-formed; what it refuses the standard library reads again, because a
status with half a surrogate pair in its ``info`` must not be lost, and a BOM may be ignored.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec
from msgspec import Struct

CALL, RESULT, ERROR, RESULT_ERROR, SEND = 2, 3, 4, 5, 6

LONGEST_ID = 36
LONGEST_DESCRIPTION = 255

_ANSWER = re.compile(r"[ \t\n\r]*\[[ \t\n\r]*[34][ \t\n\r]*,")

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Call(Struct, frozen=True):
    """``[2, id, action, payload]``: to be answered exactly once."""

    id: str
    action: str
    payload: Any


class CallResult(Struct, frozen=True):
    """``[3, id, payload]``: the answer to a CALL of ours."""

    id: str
    payload: Any


class CallError(Struct, frozen=True):
    """``[4, id, code, description, details]``: the refusal of a CALL of ours."""

    id: str
    code: str
    description: str


class CallResultError(Struct, frozen=True):
    """``[5, id, …]`` (2.1): the charger could not read our CALLRESULT."""


class Send(Struct, frozen=True):
    """``[6, id, action, payload]`` (2.1): never answered, not even with an error."""


class Blank(Struct, frozen=True):
    """Nothing but white space."""


class BadCall(Struct, frozen=True):
    """No frame, or a CALL that is not one; ``id`` is None when it cannot be read."""

    id: str | None
    description: str


class UnknownType(Struct, frozen=True):
    """A message type that this version of OCPP does not have."""

    id: str | None


class BadAnswer(Struct, frozen=True):
    """A malformed answer or SEND: there is no way to say so. ``id`` is that of the CALL it answers, if it is one."""

    id: str | None


Frame = Call | CallResult | CallError | CallResultError | Send | Blank | BadCall | UnknownType | BadAnswer


def parse(text: str | bytes, types: frozenset[int]) -> Frame:
    """What a text frame is, in a version that has these message types (OCPP-J §4)."""
    try:
        message = _decode(text)
    except (ValueError, RecursionError):
        if not text.strip():
            return Blank()
        try:
            message = _decode_slowly(text)
        except (ValueError, RecursionError):
            return BadCall(None, "not JSON")
    if type(message) is list and len(message) == 4 and message[0] == CALL:
        _, id, action, payload = message
        if type(id) is str and type(action) is str and len(id) <= LONGEST_ID:
            return Call(id, action, payload)
    return _of_no_call(message, types)


def is_answer(text: str) -> bool:
    """Whether a text frame can be nothing but an answer to a CALL of ours."""
    return _ANSWER.match(text) is not None


def result(message_id: str, payload: bytes) -> bytes:
    """The CALLRESULT to the CALL of this id; ``payload`` is JSON already."""
    return b"[3," + encode(message_id) + b"," + payload + b"]"


def error(message_id: str, code: str, description: str, details: Mapping[str, object]) -> bytes:
    """The CALLERROR to the CALL of this id, with ``code`` as the version spells it."""
    return encode([ERROR, message_id, code, description[:LONGEST_DESCRIPTION], dict(details)])


def call(message_id: str, action: str, payload: Mapping[str, object]) -> bytes:
    """A CALL of ours."""
    return encode([CALL, message_id, action, payload])


def encode(value: object) -> bytes:
    """JSON as UTF-8; half surrogate pairs go back escaped, as they came."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def _of_no_call(message: Any, types: frozenset[int]) -> Frame:
    match message:
        case [int(kind), *rest] if type(kind) is int and kind not in types:
            return UnknownType(_id_in(rest))
        case [2, *rest]:
            return BadCall(_id_in(rest), f"a CALL is [2, id of at most {LONGEST_ID} characters, action, payload]")
        case [3, str(id), payload]:
            return CallResult(id, payload)
        case [4, str(id), str(code), *rest]:
            return CallError(id, code, next((text for text in rest[:1] if isinstance(text, str)), ""))
        case [5, str(), *_]:
            return CallResultError()
        case [6, str(), str(), _]:
            return Send()
        case [3 | 4, str(id), *_]:
            return BadAnswer(id)
        case [3 | 4 | 5 | 6, *_]:
            return BadAnswer(None)
        case _:
            return BadCall(None, "not an OCPP-J frame")


def _decode_slowly(text: str | bytes) -> Any:
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    return json.loads(text.removeprefix("\ufeff"), parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _id_in(rest: list[Any]) -> str | None:
    return rest[0] if rest and isinstance(rest[0], str) else None
